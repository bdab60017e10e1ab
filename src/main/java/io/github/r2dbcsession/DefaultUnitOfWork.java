package io.github.r2dbcsession;

import reactor.core.publisher.Mono;

/**
 * A unit of work in its block.
 *
 * @param transaction the transaction that the block ends
 */
record DefaultUnitOfWork(DefaultTransaction transaction) implements UnitOfWork, ForwardingClient {

    @Override
    public SqlClient client() {
        return transaction;
    }

    @Override
    public Mono<Void> commit() {
        return transaction.commitOnly();
    }
}
