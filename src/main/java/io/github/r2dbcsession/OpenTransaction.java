package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.r2dbc.spi.Result;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A transaction, or a savepoint within one, that work inside it can join. */
interface OpenTransaction extends Transaction, ScopedClient {

    /** Lets no commit through any more, for a reason that the commit then gives. */
    void markRollbackOnly(@Nullable Throwable cause);

    TransactionOptions options();

    /** What errors call it. */
    String described();

    /** The transaction on the server. */
    DefaultTransaction root();

    /** What is put off, or {@link ScopeEndedException} as a throw when that cannot be kept any more. */
    Hooks hooks();

    @Override
    default StatementLimits limits() {
        return root().limits();
    }

    @Override
    default <T> Flux<T> atomic(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return new Atomic(root().transactions()).within(this, work);
    }

    @Override
    default void beforeCommit(Mono<?> action) {
        hooks().addBeforeCommit(action);
    }

    @Override
    default void afterCommit(Mono<?> action) {
        hooks().addAfterCommit(action);
    }

    @Override
    default void afterRollback(Mono<?> action) {
        hooks().addAfterRollback(action);
    }

    @Override
    default Mono<Void> setLocal(String name, String value) {
        // Not by a query, which would have the session reset: it ends with the transaction.
        return run(
                        false,
                        lease -> lease.converse(
                                "SELECT pg_catalog.set_config($1, $2, true)",
                                statement -> statement.bind(0, name).bind(1, value),
                                Result::getRowsUpdated))
                .then();
    }

    @Override
    default Mono<Void> lock(long key) {
        return sql("SELECT pg_catalog.pg_advisory_xact_lock($1)")
                .bind(1, key)
                .rowsUpdated()
                .then();
    }

    @Override
    default Mono<Boolean> tryLock(long key) {
        return sql("SELECT pg_catalog.pg_try_advisory_xact_lock($1)")
                .bind(1, key)
                .as(Boolean.class)
                .one();
    }
}
