package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.internal.connection.Binding;
import io.github.r2dbcsession.internal.connection.Lead;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.pool.Holder;
import io.netty.buffer.ByteBuf;
import io.r2dbc.postgresql.api.Notification;
import io.r2dbc.spi.Result;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
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
public final class Lease {

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

    /** Whose statements it sends; itself, but for one made by {@link #leading}. */
    private final Lease holder;

    private final @Nullable Lead lead;
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
        this.holder = this;
        this.lead = null;
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
        this.holder = this;
        this.lead = null;
    }

    private Lease(Lease from, Lead lead) {
        this.connection = from.connection;
        this.gate = from.gate;
        this.home = from.home;
        this.figures = from.figures;
        this.listener = from.listener;
        this.callSite = from.callSite;
        this.origin = from.origin;
        this.holder = from;
        this.lead = lead;
    }

    /** The same lease for one piece of work, whose first statement the lead goes ahead of. Not to be released. */
    public Lease leading(Lead first) {
        return new Lease(this, first);
    }

    /** The lease that holds the connection for all who were lent it on. */
    public Lease origin() {
        return origin;
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

    /** Whether a transaction is open or has failed, as far as the server has answered, or begins with what is sent next. */
    public boolean inTransaction() {
        return lead != null || connection.inTransaction();
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

    /**
     * Says what statement comes next. Where something of it may remain, the session is reset before anybody else gets it.
     *
     * @param mayChangeSession judges it by the policy and by the names that are suspect, null where these are not known
     */
    public void announce(BiPredicate<ResetPolicy, @Nullable Set<String>> mayChangeSession) {
        if (!connection.isDirty() && gate.mayChangeSession(mayChangeSession)) {
            connection.markDirty();
        }
    }

    /** Has the way back begin when the statement has ended that this tells of, or after 10 s. The caller does not wait. */
    public void letFinish(Mono<Void> statement) {
        holder.finishBefore(statement);
    }

    private synchronized void finishBefore(Mono<Void> statement) {
        Mono<Void> ended = statement.timeout(FINISH_LIMIT, Mono.empty());
        unfinished = unfinished == null ? ended : unfinished.then(ended);
    }

    private synchronized Mono<Void> giveBack() {
        return unfinished == null ? home.giveBack() : unfinished.then(home.giveBack());
    }

    /** Has the connection closed at the end in place of being lent again. */
    public void closeAtEnd() {
        connection.retire();
    }

    /** Runs one statement without limits, see {@link #converse(String, StatementLimits, Binding, Function)}. */
    public <T> Flux<T> converse(String sql, Binding binding, Function<? super Result, ? extends Publisher<T>> read) {
        return converse(sql, StatementLimits.NONE, binding, read);
    }

    /**
     * Runs one statement, see {@link PhysicalConnection#converse}.
     *
     * @throws IllegalStateException as a signal, when the lease has been given back; nothing is sent then
     */
    public <T> Flux<T> converse(
            String sql,
            StatementLimits limits,
            Binding binding,
            Function<? super Result, ? extends Publisher<T>> read) {
        origin.lastStatement = sql;
        return connection.converse(sql, limits, holder::requireAcquired, binding, read, lead);
    }

    /** Runs one command, see {@link #command(String, BooleanSupplier, Function)}. */
    public <T> Flux<T> command(String sql, Function<? super Result, ? extends Publisher<T>> read) {
        return command(sql, () -> true, read);
    }

    /**
     * Runs one command, see {@link PhysicalConnection#command}.
     *
     * @throws IllegalStateException as a signal, when the lease has been given back; nothing is sent then
     */
    public <T> Flux<T> command(
            String sql, BooleanSupplier wanted, Function<? super Result, ? extends Publisher<T>> read) {
        origin.lastStatement = sql;
        return connection.command(
                sql,
                () -> {
                    holder.requireAcquired();
                    return wanted.getAsBoolean();
                },
                read,
                lead);
    }

    /**
     * Runs one COPY from STDIN, see {@link PhysicalConnection#copyIn}.
     *
     * @throws IllegalStateException as a signal, when the lease has been given back; nothing is sent then
     */
    public Flux<Long> copyIn(String sql, Publisher<ByteBuf> data) {
        origin.lastStatement = sql;
        return connection.copyIn(sql, holder::requireAcquired, data, lead);
    }

    /** Runs one COPY to STDOUT in the same way, see {@link PhysicalConnection#copyOut}. */
    public Flux<ByteBuffer> copyOut(String sql) {
        origin.lastStatement = sql;
        return connection.copyOut(sql, holder::requireAcquired, lead);
    }

    /** What is about to be sent counts as open by now, so a release either is seen here or sees it. */
    private void requireAcquired() {
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
