package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A session inside a session scope, which shares its connection with what else runs inside it.
 *
 * @param scope who has the connection next
 * @param lease what closing the session gives back
 * @param values what the Context brought, set again for each statement, since what else runs inside may bring others
 * @param statements runs statements outside a transaction
 * @param transactions where it has its transactions from
 */
record ScopedSession(
        SessionScope scope, Lease lease, ContextValues values, Autocommit statements, Transactions transactions)
        implements Session, ScopedClient {

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        return Lease.use(
                scope.acquire(CallSite.UNKNOWN),
                shared -> values.ahead(shared, set -> statements.run(set, writes, work)));
    }

    @Override
    public <T> Flux<T> atomic(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return new Atomic(transactions).on(scope, values, work);
    }

    @Override
    public StatementLimits limits() {
        return transactions.statementLimits();
    }

    @Override
    public Telemetry telemetry() {
        return transactions.telemetry();
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
        return work.contextWrite(inside -> transactions.inside(inside, scope));
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(inside -> transactions.inside(inside, scope));
    }

    @Override
    public Mono<Void> close() {
        return lease.release();
    }
}
