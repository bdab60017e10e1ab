package io.github.r2dbcsession.internal.pool;

import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * Waits for a connection of the pool under one deadline. A connection arrives with the subscriber or goes back: one that comes after a
 * cancel or after the deadline is returned. Where a connection is idle, no timer is started and no thread changed.
 */
final class Acquire extends Mono<Lease> {

    /** An idle connection is lent unseen this long. */
    private static final long FRESH = TimeUnit.MILLISECONDS.toNanos(1);

    /** From here on an idle connection has to answer before it is lent. */
    private static final long DOUBTFUL = TimeUnit.SECONDS.toNanos(1);

    private final LeasePool pool;
    private final Publisher<? extends Connection> source;
    private final Duration limit;
    private final CallSite callSite;
    private final boolean holding;

    /**
     * Prepares an acquire.
     *
     * @param callSite who asks
     * @param holding whether the caller has a connection already and cannot give it back before this one comes: such a one is lent to even
     *     while lending is suspended, or the pool about to close
     */
    Acquire(
            LeasePool pool,
            Publisher<? extends Connection> source,
            Duration limit,
            CallSite callSite,
            boolean holding) {
        this.pool = pool;
        this.source = source;
        this.limit = limit;
        this.callSite = callSite;
        this.holding = holding;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Lease> actual) {
        actual.onSubscribe(new Waiter(actual));
    }

    private enum State {
        NEW,
        /** The pool has been asked, or will be when it lends again. */
        WAITING,
        /** A connection has come and is looked at. From here on the pool must not see a cancel: it would take the connection back. */
        CONSIDERING,
        /** The subscriber has the lease. */
        DELIVERED,
        /** The subscriber has an error, or has gone. */
        GIVEN_UP
    }

    private static final AtomicReferenceFieldUpdater<Waiter, State> STATE =
            AtomicReferenceFieldUpdater.newUpdater(Waiter.class, State.class, "state");

    private final class Waiter extends WaitingLine.Place implements CoreSubscriber<Connection>, Subscription {

        private final CoreSubscriber<? super Lease> actual;
        private final long start = System.nanoTime();
        private volatile State state = State.NEW;
        private volatile @Nullable Subscription upstream;
        private volatile boolean asked;

        /** Whom to hand a connection to without leaving the stack: the pool must not run the subscriber's work inside its own. */
        private @Nullable Thread asking;

        private @Nullable Pooled found;

        Waiter(CoreSubscriber<? super Lease> actual) {
            this.actual = actual;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void request(long n) {
            if (STATE.compareAndSet(this, State.NEW, State.WAITING)) {
                askOrWait();
            }
        }

        private void askOrWait() {
            upstream = null;
            if (pool.lending().isTo(holding)) {
                ask();
            } else {
                waitForResume();
            }
        }

        private void waitForResume() {
            asked = false;
            join();
            pool.line().holdBack(this, true);
            if (pool.lending().isTo(holding)) {
                resume();
            }
        }

        @Override
        void resume() {
            boolean first;
            synchronized (this) {
                first = !asked;
                asked = true;
            }
            if (first && state == State.WAITING) {
                pool.line().holdBack(this, false);
                ask();
            }
        }

        private void ask() {
            asked = true;
            Pooled kept = pool.atHand().take();
            if (kept == null) {
                askPool();
            } else if (STATE.compareAndSet(this, State.WAITING, State.CONSIDERING)) {
                consider(kept);
            } else {
                kept.keep();
            }
        }

        private void askPool() {
            asking = Thread.currentThread();
            source.subscribe(this);
            asking = null;
            Pooled here = found;
            if (here != null) {
                found = null;
                consider(here);
            } else if (state == State.WAITING) {
                join();
                pool.atHand().handOver();
                pool.supply().serve();
            }
        }

        private void join() {
            if (!pool.line().join(this, pool.maxPending())) {
                giveUp(pool.tooManyPending());
            } else if (pool.lending().refuses(holding)) {
                giveUp(pool.closed());
            } else if (hasEnded()) {
                pool.line().leave(this);
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            // Who gives up after this look sees the subscription; one cancelled after its connection has come would
            // take that back.
            upstream = subscription;
            if (state == State.GIVEN_UP) {
                subscription.cancel();
            } else {
                subscription.request(Long.MAX_VALUE);
            }
        }

        @Override
        public void onNext(Connection connection) {
            if (!pool.lending().isTo(holding) && state == State.WAITING) {
                upstream = null;
                pool.takeBack(connection);
                waitForResume();
            } else if (!STATE.compareAndSet(this, State.WAITING, State.CONSIDERING)) {
                pool.takeBack(connection);
            } else if (Thread.currentThread() == asking) {
                found = Pooled.of(connection);
            } else {
                Pooled pooled = Pooled.of(connection);
                long idle = pooled.sinceAlive();
                expectLoop();
                pooled.connection().execute(() -> lend(pooled, idle >= DOUBTFUL));
            }
        }

        /** A connection that is gone without our knowing is found out before it is lent, the more thoroughly the longer it was idle. */
        private void consider(Pooled pooled) {
            long idle = pooled.sinceAlive();
            if (idle < FRESH) {
                lend(pooled, false);
            } else {
                expectLoop();
                // That it was closed is known by then, if the server did it.
                pooled.connection().executeUpToDate(() -> lend(pooled, idle >= DOUBTFUL));
            }
        }

        /** An event loop may be blocked; the deadline holds still. */
        private void expectLoop() {
            pool.line().join(this, Integer.MAX_VALUE);
            pool.line().holdBack(this, true);
            if (hasEnded()) {
                pool.line().leave(this);
            }
        }

        private void lend(Pooled pooled, boolean doubtful) {
            Lease lease = pool.lease(pooled, callSite);
            if (lease == null) {
                again();
            } else if (doubtful) {
                probe(pooled, lease);
            } else {
                deliver(lease);
            }
        }

        private void probe(Pooled pooled, Lease lease) {
            long left = Math.max(1, Math.min(pool.supply().patience().toNanos(), deadline() - System.nanoTime()));
            pooled.probe(Duration.ofNanos(left)).subscribe(alive -> {
                if (alive) {
                    deliver(lease);
                } else {
                    pool.foundDead(pooled, lease);
                    again();
                }
            });
        }

        private void deliver(Lease lease) {
            if (end(State.DELIVERED) != null) {
                pool.listener().onAcquire(waited());
                actual.onNext(lease);
                actual.onComplete();
            } else {
                lease.release().subscribe();
            }
        }

        /** That the connection was of no use is not the caller's concern. */
        private void again() {
            pool.line().leave(this);
            if (STATE.compareAndSet(this, State.CONSIDERING, State.WAITING)) {
                askOrWait();
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (end(State.GIVEN_UP) != null) {
                fail(pool.translate(failure));
            }
        }

        @Override
        public void onComplete() {
            // The connection came before; a pool that closes signals an error.
        }

        @Override
        long start() {
            return start;
        }

        @Override
        boolean isHolding() {
            return holding;
        }

        @Override
        long deadline() {
            return start + limit.toNanos();
        }

        @Override
        void outOfTime() {
            if (!hasEnded()) {
                giveUp(pool.outOfTime(limit));
            }
        }

        @Override
        void giveUp(Throwable failure) {
            State before = end(State.GIVEN_UP);
            if (before != null) {
                cancelUpstream(before);
                fail(failure);
            }
        }

        private void fail(Throwable failure) {
            pool.listener().onAcquireFailure(failure, waited());
            actual.onError(failure);
        }

        @Override
        public void cancel() {
            State before = end(State.GIVEN_UP);
            if (before != null && before != State.NEW) {
                cancelUpstream(before);
                pool.listener().onAcquireCancel(waited());
            }
        }

        /** Takes the one step to an end and returns where it led from; null when another took it. What follows belongs to who took it. */
        private @Nullable State end(State how) {
            State before;
            do {
                before = state;
                if (hasEnded()) {
                    return null;
                }
            } while (!STATE.compareAndSet(this, before, how));
            pool.line().leave(this);
            return before;
        }

        private boolean hasEnded() {
            State now = state;
            return now == State.DELIVERED || now == State.GIVEN_UP;
        }

        private void cancelUpstream(State before) {
            Subscription subscription = upstream;
            if (before == State.WAITING && subscription != null) {
                subscription.cancel();
            }
        }

        private Duration waited() {
            return Duration.ofNanos(System.nanoTime() - start);
        }
    }
}
