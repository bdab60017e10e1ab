package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Statements;
import io.r2dbc.spi.Result;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Advisory locks that end with the connection's use, whatever policy there is for its reset. */
final class SessionLock {

    private SessionLock() {}

    static Mono<Void> take(StatementScope scope, long key) {
        return ask(scope, "SELECT pg_catalog.pg_advisory_lock($1)", key, Result::getRowsUpdated)
                .then();
    }

    static Mono<Boolean> tryToTake(StatementScope scope, long key) {
        return ask(
                        scope,
                        "SELECT pg_catalog.pg_try_advisory_lock($1)",
                        key,
                        result -> result.map(row -> Boolean.TRUE.equals(row.get(0, Boolean.class))))
                .single();
    }

    private static <T> Flux<T> ask(
            StatementScope scope, String sql, long key, Function<? super Result, ? extends Publisher<T>> read) {
        return scope.run(false, (Statements lease) -> {
            lease.announce((policy, suspects) -> true);
            return lease.converse(sql, scope.limits(), statement -> statement.bind(0, key), read);
        });
    }
}
