package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.github.r2dbcsession.internal.sql.RowMapper;
import io.github.r2dbcsession.sql.Row;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.spi.Result;
import java.util.Collection;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultQuery implements Query {

    private final StatementScope scope;
    private final ParsedSql sql;
    private final Bindings bindings;

    private DefaultQuery(StatementScope scope, ParsedSql sql, Bindings bindings) {
        this.scope = scope;
        this.sql = sql;
        this.bindings = bindings;
    }

    static Query of(StatementScope scope, String text) {
        ParsedSql sql = ParsedSql.parse(text);
        if (sql.transactionControl()) {
            throw new StatementException(
                    "a transaction is begun and ended by inTransaction or beginTransaction, not by a statement");
        }
        return new DefaultQuery(scope, sql, Bindings.none());
    }

    @Override
    public Query bind(String name, @Nullable Object value) {
        return with(bindings.with(name, value));
    }

    @Override
    public Query bind(String name, Collection<?> values, Class<?> elementType) {
        return with(bindings.with(name, values, elementType));
    }

    @Override
    public Query bindNull(String name, Class<?> type) {
        return with(bindings.withNull(name, type));
    }

    @Override
    public Query bind(int index, @Nullable Object value) {
        return with(bindings.with(index, value));
    }

    private Query with(Bindings newBindings) {
        return new DefaultQuery(scope, sql, newBindings);
    }

    @Override
    public Query named(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        return new DefaultQuery(new NamedScope(scope, name), sql, bindings);
    }

    @Override
    public <T> Rows<T> as(Class<T> type) {
        return rows(RowMapper.of(type));
    }

    @Override
    public <T> Rows<T> map(Function<? super Row, ? extends T> mapper) {
        return rows(RowMapper.of(mapper));
    }

    private <T> Rows<T> rows(RowMapper<T> mapper) {
        return new DefaultRows<>(run(result -> result.map(mapper::map), false));
    }

    @Override
    public Mono<Long> rowsUpdated() {
        return run(Result::getRowsUpdated, true).reduce(0L, Long::sum);
    }

    private <T> Flux<T> run(Function<? super Result, ? extends Publisher<T>> read, boolean counts) {
        return scope.run(sql.writes(), lease -> {
            lease.announce(sql::mayChangeSession);
            if (sql.forgetsStatements()) {
                lease.closeAtEnd();
            }
            Telemetry telemetry = scope.telemetry();
            Flux<T> answer = lease.converse(
                    telemetry.comment().on(sql.text()), statement -> bindings.bindTo(statement, sql), read);
            return telemetry.isOn() ? telemetry.watch(answer, new Plan(sql, bindings), scope.name(), counts) : answer;
        });
    }
}
