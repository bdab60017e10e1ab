package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A connection that everything inside a scope shares: statements, sessions and transactions have it one after another, each for as long as
 * it lasts. It is acquired by the first of them. One that leaves it in a state that the next must not see has it recovered by the pool, and
 * the next has another. Thread-safe.
 */
final class SessionScope implements Holding {

    private final String name;
    private final Function<CallSite, Mono<Lease>> source;
    private final @Nullable Holding outer;
    private final Turns turns = new Turns();
    private @Nullable Lease lease;
    private boolean closed;

    private SessionScope(String name, Function<CallSite, Mono<Lease>> source, @Nullable Holding outer) {
        this.name = name;
        this.source = source;
        this.outer = outer;
    }

    /**
     * Opens a scope; acquires nothing yet.
     *
     * @param name what errors call it
     * @param source where connections come from
     */
    static SessionScope over(String name, Function<CallSite, Mono<Lease>> source, @Nullable Holding outer) {
        return new SessionScope(name, source, outer);
    }

    /** Opens a scope within another one, on what that lent: there is no other connection for it when that one is spoilt. */
    static SessionScope on(Lease lease, String name, @Nullable Holding outer) {
        SessionScope scope = new SessionScope(name, callSite -> Mono.error(() -> new ScopeEndedException(name)), outer);
        scope.lease = lease;
        return scope;
    }

    @Override
    public synchronized @Nullable Lease lease() {
        return lease;
    }

    @Override
    public @Nullable Holding outer() {
        return outer;
    }

    /** Waits for a turn and emits the connection, which the subscriber releases as any other. Cancelling gives the turn back. */
    Mono<Lease> acquire(CallSite callSite) {
        return Mono.defer(() -> {
            Turns.Turn turn = turns.join();
            return turn.come()
                    .then(Mono.defer(() -> connection(callSite)))
                    .map(shared -> shared.lendOn(takeBack(shared, turn)))
                    .doOnError(failure -> turn.end())
                    .doOnCancel(turn::end);
        });
    }

    private Mono<Lease> connection(CallSite callSite) {
        Lease shared = lease();
        return shared != null && shared.state() == Lease.State.ACQUIRED
                ? Mono.just(shared)
                : source.apply(callSite).doOnNext(this::keep);
    }

    private void keep(Lease acquired) {
        synchronized (this) {
            if (!closed) {
                lease = acquired;
                return;
            }
        }
        acquired.release().subscribe();
        throw new ScopeEndedException(name);
    }

    private Mono<Void> takeBack(Lease shared, Turns.Turn turn) {
        return Mono.defer(() -> {
            if (!turn.claim()) {
                return Mono.empty();
            }
            Mono<Void> passable = shared.isIdle() ? Mono.empty() : shared.release();
            return passable.doOnTerminate(turn::pass);
        });
    }

    /** Gives the connection back, if there is one. Never fails. */
    Mono<Void> close() {
        return Mono.defer(() -> {
            Lease last;
            synchronized (this) {
                closed = true;
                last = lease;
            }
            return last == null ? Mono.empty() : last.release();
        });
    }
}
