package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.Lease;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultSession implements Session, StatementScope {

    private final Lease lease;
    private final String scope;
    private final Autocommit statements;
    private final Telemetry telemetry;
    private final StatementLimits limits;

    /** Sets what the Context brought, once, ahead of the first statement; null where it brought nothing. */
    private final @Nullable Mono<Void> settings;

    DefaultSession(Lease lease, String database, StatementLimits limits, ContextValues values, Telemetry telemetry) {
        this.lease = lease;
        this.scope = "session on " + database;
        this.statements = new Autocommit(scope);
        this.telemetry = telemetry;
        this.limits = limits;
        this.settings = values.isEmpty() ? null : values.setForSession(lease).cache();
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    public StatementLimits limits() {
        return limits;
    }

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Lease, ? extends Flux<T>> work) {
        Flux<T> run = Flux.defer(() -> isOpen() ? statements.run(lease, writes, work) : ended());
        return settings == null ? run : Flux.defer(() -> isOpen() ? settings.thenMany(run) : run);
    }

    @Override
    public Telemetry telemetry() {
        return telemetry;
    }

    /** Fails on demand, so that work which was cancelled on its way here gets no error that nobody is left to take. */
    private <T> Flux<T> ended() {
        return Flux.just(scope).handle((ended, sink) -> sink.error(new ScopeEndedException(ended)));
    }

    private boolean isOpen() {
        return lease.state() == Lease.State.ACQUIRED;
    }

    @Override
    public Mono<Void> lock(long key) {
        return SessionLock.take(this, key);
    }

    @Override
    public Mono<Boolean> tryLock(long key) {
        return SessionLock.tryToTake(this, key);
    }

    @Override
    public Mono<Void> close() {
        return lease.release();
    }
}
