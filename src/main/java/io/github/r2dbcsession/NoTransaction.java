package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What work that runs without a transaction is handed: each statement commits on its own, and there is nothing to end.
 *
 * @param client the database
 * @param transactions where the one that is open around is put aside
 */
record NoTransaction(SqlClient client, Transactions transactions) implements Transaction, ForwardingClient {

    @Override
    public Mono<Void> commit() {
        return Mono.error(NoTransaction::none);
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.error(NoTransaction::none);
    }

    @Override
    public void markRollbackOnly() {
        throw none();
    }

    @Override
    public void beforeCommit(Mono<?> action) {
        throw none();
    }

    @Override
    public void afterCommit(Mono<?> action) {
        throw none();
    }

    @Override
    public void afterRollback(Mono<?> action) {
        throw none();
    }

    @Override
    public Mono<Void> setLocal(String name, String value) {
        return Mono.error(NoTransaction::none);
    }

    @Override
    public Mono<Void> lock(long key) {
        return Mono.error(NoTransaction::none);
    }

    @Override
    public Mono<Boolean> tryLock(long key) {
        return Mono.error(NoTransaction::none);
    }

    private static IllegalStateException none() {
        return new IllegalStateException(
                "this work runs without a transaction: each of its statements commits on its own");
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return work.contextWrite(transactions::suspend);
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(transactions::suspend);
    }
}
