package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultSession implements Session, StatementScope {

    private final Lease lease;
    private final String scope;
    private final Autocommit statements;

    DefaultSession(Lease lease, String database) {
        this.lease = lease;
        this.scope = "session on " + database;
        this.statements = new Autocommit(scope);
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.defer(() -> lease.state() == Lease.State.ACQUIRED
                ? statements.run(lease, writes, work)
                : Flux.error(new ScopeEndedException(scope)));
    }

    @Override
    public Mono<Void> close() {
        return lease.release();
    }
}
