package io.github.r2dbcsession;

import reactor.core.publisher.Mono;

/**
 * A unit of work in its block.
 *
 * @param transaction the transaction that the block ends
 */
record DefaultUnitOfWork(DefaultTransaction transaction) implements UnitOfWork {

    @Override
    public Query sql(String sql) {
        return transaction.sql(sql);
    }

    @Override
    public Mono<Void> commit() {
        return transaction.commitOnly();
    }
}
