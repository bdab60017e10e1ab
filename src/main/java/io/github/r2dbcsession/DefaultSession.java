package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultSession implements Session, ScopedClient {

    private final Lease lease;
    private final String scope;
    private final Autocommit statements;
    private final Transactions transactions;
    private final @Nullable Holding outer;
    private final Telemetry telemetry;

    /** Sets what the Context brought, once, ahead of the first statement; null where it brought nothing. */
    private final @Nullable Mono<Void> settings;

    /** Lets statements and what shares the connection take turns; null as long as nothing does. */
    private volatile @Nullable SessionScope turns;

    /**
     * Begins on a connection that nobody else uses.
     *
     * @param outer what keeps another connection meanwhile
     */
    DefaultSession(
            Lease lease,
            String database,
            Transactions transactions,
            @Nullable Holding outer,
            ContextValues values,
            Telemetry telemetry) {
        this.lease = lease;
        this.scope = "session on " + database;
        this.statements = new Autocommit(scope);
        this.telemetry = telemetry;
        this.transactions = transactions;
        this.outer = outer;
        this.settings = values.isEmpty() ? null : values.setForSession(lease).cache();
    }

    @Override
    public StatementLimits limits() {
        return transactions.statementLimits();
    }

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        return whenSet(Flux.defer(() -> isOpen() ? send(writes, work) : ended()));
    }

    private <T> Flux<T> send(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        SessionScope shared = turns;
        return shared == null
                ? statements.run(lease, writes, work)
                : Lease.use(shared.acquire(CallSite.UNKNOWN), lent -> statements.run(lent, writes, work));
    }

    @Override
    public <T> Flux<T> atomic(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        Flux<T> run = new Atomic(transactions).on(turns(), ContextValues.none(), work);
        return whenSet(Flux.defer(() -> isOpen() ? run : ended()));
    }

    private synchronized SessionScope turns() {
        SessionScope shared = turns;
        if (shared == null) {
            shared = SessionScope.on(lease, scope, outer);
            turns = shared;
        }
        return shared;
    }

    private <T> Flux<T> whenSet(Flux<T> run) {
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
    public <T> Mono<T> bind(Mono<T> work) {
        return work.contextWrite(inside -> transactions.inside(inside, turns()));
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(inside -> transactions.inside(inside, turns()));
    }

    @Override
    public Mono<Void> close() {
        return lease.release();
    }
}
