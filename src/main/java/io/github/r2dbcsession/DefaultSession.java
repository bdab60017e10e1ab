package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultSession implements Session, StatementScope {

    private final Lease lease;
    private final String database;

    DefaultSession(Lease lease, String database) {
        this.lease = lease;
        this.database = database;
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    public <T> Flux<T> run(Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.defer(() -> lease.state() == Lease.State.ACQUIRED
                ? work.apply(lease)
                : Flux.error(new ScopeEndedException("session on " + database)));
    }

    @Override
    public Mono<Void> close() {
        return lease.release();
    }
}
