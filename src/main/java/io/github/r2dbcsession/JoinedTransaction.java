package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A transaction asked for inside a transaction: it works in the outer one, which alone can commit.
 *
 * @param outer the transaction that is open in the Context
 */
record JoinedTransaction(OpenTransaction outer) implements Transaction, ForwardingClient {

    @Override
    public SqlClient client() {
        return outer;
    }

    @Override
    public Mono<Void> commit() {
        return Mono.error(() -> new IllegalStateException(
                "this work has joined an outer transaction, which commits when its own work ends"));
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.fromRunnable(outer::markRollbackOnly);
    }

    @Override
    public void markRollbackOnly() {
        outer.markRollbackOnly();
    }

    @Override
    public void beforeCommit(Mono<?> action) {
        outer.beforeCommit(action);
    }

    @Override
    public void afterCommit(Mono<?> action) {
        outer.afterCommit(action);
    }

    @Override
    public void afterRollback(Mono<?> action) {
        outer.afterRollback(action);
    }

    @Override
    public Mono<Void> setLocal(String name, String value) {
        return outer.setLocal(name, value);
    }

    @Override
    public Mono<Void> lock(long key) {
        return outer.lock(key);
    }

    @Override
    public Mono<Boolean> tryLock(long key) {
        return outer.tryLock(key);
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return outer.bind(work);
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return outer.bind(work);
    }
}
