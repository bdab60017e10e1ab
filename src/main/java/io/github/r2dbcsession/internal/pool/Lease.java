package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.Lead;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.pool.Holder;
import io.r2dbc.postgresql.api.Notification;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * One use of one connection, from acquire to release. Thread-safe.
 *
 * <pre>
 *               release()                connection idle
 *   ACQUIRED ──────────────▶ RECOVERING ────────────────▶ RELEASED      back in the pool
 *                                  │
 *                                  └────────────────────▶ INVALIDATED   closed
 *                                      not to be had idle
 * </pre>
 *
 * Statements run in ACQUIRED only. The step out of it happens once, whoever takes it; RECOVERING ends without the caller, who waits
 * for it only where that costs nothing.
 */
public final class Lease extends Statements {

    static final Comparator<Lease> LONGEST_FIRST = (one, other) -> Long.signum(one.start - other.start);

    /** How long a write may go on of which enough has been seen. */
    private static final Duration FINISH_LIMIT = Duration.ofSeconds(10);

    private static final AtomicReferenceFieldUpdater<Lease, State> STATE =
            AtomicReferenceFieldUpdater.newUpdater(Lease.class, State.class, "state");

    /** Where a lease stands. */
    public enum State {
        /** In the hands of a caller. */
        ACQUIRED,
        /** Given back; the gate is finding out whether the connection is idle. */
        RECOVERING,
        /** Ended; the connection can be lent again. */
        RELEASED,
        /** Ended; the connection has been closed. */
        INVALIDATED
    }

    private final PhysicalConnection connection;
    private final Gate gate;
    private final Home home;
    private final Figures figures;
    private final Audience listener;
    private final CallSite callSite;
    private final Lease origin;

    private final long start = System.nanoTime();
    private volatile State state = State.ACQUIRED;

    /** Until it has ended, when the caller gave it back if something had to be done then. */
    private volatile long endedAt;

    private @Nullable Mono<Void> unfinished;

    /** For those who ask who holds what; it need not be the very last. */
    private String lastStatement = "";

    Lease(PhysicalConnection connection, Gate gate, Home home, Figures figures, Audience listener, CallSite callSite) {
        this.connection = connection;
        this.gate = gate;
        this.home = home;
        this.figures = figures;
        this.listener = listener;
        this.callSite = callSite;
        this.origin = this;
        figures.acquired.incrementAndGet();
    }

    /** Lends on what another lease holds. */
    private Lease(Lease from, Mono<Void> onReturn) {
        this.connection = from.connection;
        this.gate = from.gate;
        this.home = Home.of(onReturn);
        this.figures = new Figures();
        this.listener = Audience.NOBODY;
        this.callSite = from.callSite;
        this.origin = from.origin;
    }

    /** For one piece of work, ahead of whose first statement the lead goes. */
    public Statements behind(Lead lead) {
        return new LedStatements(this, lead);
    }

    @Override
    Lease lease() {
        return this;
    }

    @Override
    @Nullable
    Lead lead() {
        return null;
    }

    /** The lease that holds the connection for all who were lent it on. */
    public Lease origin() {
        return origin;
    }

    /** Whether the connection is one of a pool. */
    public boolean isPooled() {
        return home instanceof Pooled;
    }

    /**
     * Acquires a lease, runs work with it and releases it when the work has completed or failed, or was cancelled. The last signal waits
     * for the release.
     */
    public static <T> Flux<T> use(Mono<Lease> acquire, Function<? super Lease, ? extends Publisher<T>> work) {
        return new LeaseUse<>(acquire, work);
    }

    /** Where the lease stands. */
    public State state() {
        return state;
    }

    /** Whether the last command that completed was a commit that the server carried out. */
    public boolean committed() {
        return connection.committed();
    }

    /** Completes when nothing is under way on the connection, or at the limit; then {@link #isQuiet()} tells which. */
    public Mono<Void> settle(Duration limit) {
        return connection.settle(limit);
    }

    /** Emits the notifications that arrive from now on, see {@link PhysicalConnection#notifications()}. */
    public Flux<Notification> notifications() {
        return connection.notifications();
    }

    /** Calls back once when the connection has closed. */
    public void onClose(Runnable callback) {
        connection.onClose(callback);
    }

    /** Closes the connection at once. */
    public void kill() {
        connection.kill();
    }

    /** Whether nothing is under way on the connection. */
    public boolean isQuiet() {
        return connection.isQuiet();
    }

    /** Whether the connection is open. */
    public boolean isOpen() {
        return connection.isOpen();
    }

    /** The way back begins when the statement has ended that this tells of, or after 10 s. */
    synchronized void finishBefore(Mono<Void> statement) {
        Mono<Void> ended = statement.timeout(FINISH_LIMIT, Mono.empty());
        unfinished = unfinished == null ? ended : unfinished.then(ended);
    }

    private synchronized Mono<Void> giveBack() {
        return unfinished == null ? home.giveBack() : unfinished.then(home.giveBack());
    }

    PhysicalConnection connection() {
        return connection;
    }

    Gate gate() {
        return gate;
    }

    /** Notes what is about to be sent. */
    void says(String sql) {
        origin.lastStatement = sql;
    }

    /** What is about to be sent counts as open by now, so a release either is seen here or sees it. */
    void requireAcquired() {
        if (state != State.ACQUIRED) {
            throw new IllegalStateException("the connection has been given back");
        }
    }

    /**
     * Gives the connection back, once. Completes when it can be lent again, or at once where anything must be done for that: it is then
     * done behind the caller's back. Never fails; cancelling changes nothing.
     */
    public Mono<Void> release() {
        return new Return();
    }

    /** The way back. What the pool does with the connection ends the lease; a cancel stays here. */
    private final class Return extends Mono<Void> implements CoreSubscriber<Void> {

        /** Who waits for the end; null where it comes behind the caller's back. */
        private @Nullable CoreSubscriber<? super Void> waiting;

        @Override
        public void subscribe(CoreSubscriber<? super Void> caller) {
            caller.onSubscribe(Operators.emptySubscription());
            if (!STATE.compareAndSet(Lease.this, State.ACQUIRED, State.RECOVERING)) {
                caller.onComplete();
                return;
            }
            figures.recovering.incrementAndGet();
            figures.acquired.decrementAndGet();
            boolean open = gate.isOpenFor(connection);
            if (open && home.keeps()) {
                recovered();
                home.keep();
                caller.onComplete();
            } else if (open) {
                waiting = caller;
                home.giveBack().subscribe(this);
            } else {
                endedAt = System.nanoTime();
                giveBack().subscribe(this);
                caller.onComplete();
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Void nothing) {
            // There is none.
        }

        @Override
        public void onError(Throwable failure) {
            onComplete();
        }

        @Override
        public void onComplete() {
            recovered();
            CoreSubscriber<? super Void> caller = waiting;
            if (caller != null) {
                caller.onComplete();
            }
        }
    }

    /**
     * Lends the connection on, to somebody who uses it while nobody else does. That lease ends without touching the connection.
     *
     * @param onReturn subscribed to when it is given back
     */
    public Lease lendOn(Mono<Void> onReturn) {
        return new Lease(this, onReturn);
    }

    /** Whether the connection is provably idle. */
    public boolean isIdle() {
        return connection.isIdle();
    }

    /** How long the connection has been out, or was until it came back. */
    long heldNanos() {
        return (hasEnded() ? endedAt : System.nanoTime()) - start;
    }

    /** Who has the connection. */
    Holder holder() {
        Duration held = Duration.ofNanos(heldNanos());
        return new Holder(
                callSite.toString(),
                Instant.now().minusNanos(System.nanoTime() - start),
                held,
                !connection.isQuiet(),
                Masked.statement(lastStatement),
                connection.backendPid());
    }

    /** Whether the connection has come back, or is closed. */
    boolean hasEnded() {
        State now = state;
        return now == State.RELEASED || now == State.INVALIDATED;
    }

    /** When that was, on the clock of {@link System#nanoTime()}. */
    long endedAt() {
        return endedAt;
    }

    private void recovered() {
        boolean open = connection.isOpen();
        long returnedAt = endedAt;
        endedAt = System.nanoTime();
        state = open ? State.RELEASED : State.INVALIDATED;
        figures.recovering.decrementAndGet();
        if (listener.isPresent()) {
            tell(open, returnedAt);
        }
    }

    private void tell(boolean open, long returnedAt) {
        if (returnedAt != 0) {
            listener.onRecover(Duration.ofNanos(endedAt - returnedAt));
        }
        Duration use = Duration.ofNanos((returnedAt == 0 ? endedAt : returnedAt) - start);
        if (open) {
            listener.onRelease(use);
        } else {
            listener.onInvalidate(use);
        }
    }
}
