package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.Statements;
import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.spi.Result;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Asks for the plan of a statement. One that is run for it is undone, be it by the connection's reset. */
final class Explain {

    private static final String SAVEPOINT = "\"explained\"";

    private final ParsedSql sql;
    private final Bindings bindings;
    private final StatementLimits limits;
    private final Set<ExplainOption> options;

    Explain(ParsedSql sql, Bindings bindings, StatementLimits limits, Set<ExplainOption> options) {
        if (sql.several()) {
            throw new StatementException("several statements in one text have no plan: explain them one by one");
        }
        this.sql = sql;
        this.bindings = bindings;
        this.limits = limits;
        this.options = options;
    }

    Flux<String> on(Statements statements) {
        if (!options.contains(ExplainOption.ANALYZE)) {
            return plan(statements).flux();
        }
        boolean inside = statements.inTransaction();
        String undo = inside ? "ROLLBACK TO SAVEPOINT " + SAVEPOINT + "; RELEASE SAVEPOINT " + SAVEPOINT : "ROLLBACK";
        Mono<String> undone = command(statements, inside ? "SAVEPOINT " + SAVEPOINT : "BEGIN")
                .then(plan(statements))
                .onErrorResume(failure -> command(statements, undo).then(Mono.error(failure)))
                .delayUntil(plan -> command(statements, undo));
        // A cancel must not leave out the end.
        return Mono.<String>create(sink -> undone.subscribe(sink::success, sink::error))
                .flux();
    }

    private Mono<String> plan(Statements statements) {
        return statements
                .converse(
                        "EXPLAIN " + inParentheses() + sql.text(),
                        limits,
                        new BoundValues(bindings, sql),
                        result -> result.map(row -> Objects.requireNonNull(row.get(0, String.class))))
                .collect(Collectors.joining("\n"));
    }

    private String inParentheses() {
        return options.isEmpty()
                ? ""
                : options.stream().map(ExplainOption::asSql).sorted().collect(Collectors.joining(", ", "(", ") "));
    }

    private static Mono<Void> command(Statements statements, String command) {
        return statements.command(command, Result::getRowsUpdated).then();
    }
}
