package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A session asked for inside a transaction: it works on the transaction's connection, and closing it leaves that to its owner.
 *
 * @param transaction the transaction that is open in the Context
 */
record JoinedSession(OpenTransaction transaction) implements Session, ForwardingClient {

    @Override
    public SqlClient client() {
        return transaction;
    }

    @Override
    public Mono<Void> lock(long key) {
        return SessionLock.take(transaction, key);
    }

    @Override
    public Mono<Boolean> tryLock(long key) {
        return SessionLock.tryToTake(transaction, key);
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return transaction.bind(work);
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return transaction.bind(work);
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }
}
