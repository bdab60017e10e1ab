package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.github.r2dbcsession.internal.sql.RowMapper;
import io.github.r2dbcsession.sql.Row;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A query.
 *
 * @param whole how it is run when all of its answer is read at once
 * @param fetchSize how many rows of a stream are sent at a time
 */
record DefaultQuery(StatementScope scope, ParsedSql sql, Bindings bindings, StatementLimits whole, int fetchSize)
        implements Query {

    static Query of(StatementScope scope, String text) {
        ParsedSql sql = ParsedSql.parse(text);
        if (sql.transactionControl()) {
            throw new StatementException(
                    "a transaction is begun and ended by inTransaction or beginTransaction, not by a statement");
        }
        return new DefaultQuery(scope, sql, Bindings.none(), scope.limits(), 0);
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

    @Override
    public Query bind(int index, Collection<?> values, Class<?> elementType) {
        return with(bindings.with(index, values, elementType));
    }

    @Override
    public Query bindNull(int index, Class<?> type) {
        return with(bindings.withNull(index, type));
    }

    private Query with(Bindings newBindings) {
        return new DefaultQuery(scope, sql, newBindings, whole, fetchSize);
    }

    @Override
    public Query timeout(Duration limit) {
        TimeLimit.check("timeout", limit);
        return new DefaultQuery(scope, sql, bindings, new StatementLimits(limit, 0), fetchSize);
    }

    @Override
    public Query fetchSize(int rows) {
        if (rows < 0) {
            throw new IllegalArgumentException("fetchSize must be 0 or more, was " + rows);
        }
        return new DefaultQuery(scope, sql, bindings, whole, rows);
    }

    @Override
    public Query named(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        return new DefaultQuery(new NamedScope(scope, name), sql, bindings, whole, fetchSize);
    }

    @Override
    public <T> Rows<T> as(Class<T> type) {
        return rows(reading(RowMapper.of(type)));
    }

    @Override
    public <T> Rows<T> map(Function<? super Row, ? extends T> mapper) {
        RowMapper<T> own = RowMapper.of(mapper);
        return rows(result -> result.map(own::map));
    }

    @Override
    public Rows<Map<String, @Nullable Object>> asMap() {
        return rows(reading(RowMapper.of(Row::toMap)));
    }

    /** Reads rows without code of the application. */
    private static <T> Function<Result, Publisher<T>> reading(RowMapper<T> mapper) {
        return result -> new Detached<>(result.map(mapper::map));
    }

    private <T> Rows<T> rows(Function<Result, Publisher<T>> reading) {
        Flux<T> read = run(whole, reading, false);
        return new DefaultRows<>(
                read,
                fetchSize == 0 || sql.several()
                        ? read
                        : run(new StatementLimits(whole.time(), fetchSize), reading, false));
    }

    @Override
    public Mono<Long> rowsUpdated() {
        return run(whole, result -> new Detached<>(result.getRowsUpdated()), true)
                .reduce(0L, Long::sum);
    }

    @Override
    public Mono<Boolean> exists() {
        Flux<Boolean> rows = run(whole, reading((row, metadata) -> true), false);
        return new Head<>(rows, false).defaultIfEmpty(false);
    }

    @Override
    public Mono<String> explain(ExplainOption... options) {
        Explain explain = new Explain(sql, bindings, whole, Set.copyOf(Arrays.asList(options)));
        return scope.run(false, lease -> {
                    lease.announce(sql::mayChangeSession);
                    return explain.on(lease);
                })
                .singleOrEmpty();
    }

    private <T> Flux<T> run(
            StatementLimits limits, Function<? super Result, ? extends Publisher<T>> read, boolean counts) {
        return scope.run(sql.writes(), lease -> {
            lease.announce(sql::mayChangeSession);
            if (sql.forgetsStatements()) {
                lease.closeAtEnd();
            }
            Telemetry telemetry = scope.telemetry();
            Flux<T> answer =
                    lease.converse(telemetry.comment().on(sql.text()), limits, new BoundValues(bindings, sql), read);
            Flux<T> rows = sql.writes() && !counts ? new WrittenAnswer<>(answer, lease) : answer;
            return telemetry.watch(rows, sql, bindings, scope.name(), counts);
        });
    }
}
