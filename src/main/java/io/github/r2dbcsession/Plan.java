package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/**
 * The plan of a statement. It is asked with the values that were bound, so that it is the plan they got, and told without them.
 *
 * @param sql the statement, with the numbers of its parameters
 * @param bindings their values
 */
record Plan(ParsedSql sql, Bindings bindings) {

    private static final Duration LIMIT = Duration.ofSeconds(1);
    private static final String EXPLAIN = "EXPLAIN (ANALYZE false) ";
    private static final Set<String> EXPLAINED =
            Set.of("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "WITH");

    /** Names in quotes, which stay, and literals, of which one that does not end hides everything after it. */
    private static final Pattern QUOTED = Pattern.compile("(\"(?:[^\"]|\"\")*\")|'(?:[^']|'')*(?:'|$)");

    private static final Pattern NUMBER = Pattern.compile("(?<![\\w$.])\\d[\\w.]*");

    /** Asks for it; empty for what has no plan, and for what could be more than one statement. */
    Mono<String> ask(Mono<Lease> connection) {
        if (!EXPLAINED.contains(Command.of(sql.text())) || sql.text().contains(";")) {
            return Mono.empty();
        }
        return Lease.use(
                        connection,
                        lease -> lease.converse(
                                EXPLAIN + sql.text(),
                                statement -> bindings.bindTo(statement, sql),
                                result -> result.map(row -> String.valueOf(row.get(0, String.class)))))
                .collect(Collectors.joining("\n"))
                .map(Plan::masked)
                .timeout(LIMIT);
    }

    /** Only costs and estimates keep their figures. */
    static String masked(String plan) {
        String names = QUOTED.matcher(plan).replaceAll(found -> found.group(1) == null ? "?" : "$1");
        return names.lines()
                .map(line ->
                        line.contains("(cost=") ? line : NUMBER.matcher(line).replaceAll("?"))
                .collect(Collectors.joining("\n"));
    }
}
