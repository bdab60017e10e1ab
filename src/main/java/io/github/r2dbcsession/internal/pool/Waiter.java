package io.github.r2dbcsession.internal.pool;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/** One who waits for a connection: takes one that is at hand, else asks r2dbc-pool and joins the line. Thread-safe. */
final class Waiter extends WaitingLine.Place implements PoolRequest.Asker, Subscription {

    /** An idle connection is lent unseen this long. */
    private static final long FRESH = TimeUnit.MILLISECONDS.toNanos(1);

    /** From here on an idle connection has to answer before it is lent. */
    private static final long DOUBTFUL = TimeUnit.SECONDS.toNanos(1);

    private static final AtomicReferenceFieldUpdater<Waiter, State> STATE =
            AtomicReferenceFieldUpdater.newUpdater(Waiter.class, State.class, "state");

    private enum State {
        NEW,
        /** The pool has been asked, or will be when it lends again. */
        WAITING,
        /** A connection has come and is looked at. From here on r2dbc-pool must not see a cancel: it would take the connection back. */
        CONSIDERING,
        /** The subscriber has the lease. */
        DELIVERED,
        /** The subscriber has an error, or has gone. */
        GIVEN_UP
    }

    private final Acquire acquire;
    private final LeasePool pool;
    private final CoreSubscriber<? super Lease> actual;
    private final long start = System.nanoTime();
    private volatile State state = State.NEW;
    private volatile @Nullable PoolRequest request;
    private volatile boolean asked;

    Waiter(Acquire acquire, CoreSubscriber<? super Lease> actual) {
        this.acquire = acquire;
        this.pool = acquire.pool();
        this.actual = actual;
    }

    @Override
    public Context context() {
        return actual.currentContext();
    }

    @Override
    public void request(long n) {
        if (STATE.compareAndSet(this, State.NEW, State.WAITING)) {
            askOrWait();
        }
    }

    private void askOrWait() {
        if (pool.lending().isTo(isHolding())) {
            ask();
        } else {
            waitForResume();
        }
    }

    private void waitForResume() {
        asked = false;
        join();
        pool.line().holdBack(this, true);
        if (pool.lending().isTo(isHolding())) {
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
        if (first && isWaiting()) {
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
        PoolRequest asking = new PoolRequest(this);
        request = asking;
        Pooled here = asking.ask(acquire.source());
        if (here != null) {
            consider(here);
        } else if (isWaiting()) {
            join();
            pool.atHand().handOver();
            pool.supply().serve();
        }
    }

    private void join() {
        if (!pool.line().join(this, pool.maxPending())) {
            giveUp(pool.failures().tooManyPending());
        } else if (pool.lending().refuses(isHolding())) {
            giveUp(pool.failures().closed());
        } else if (hasEnded()) {
            pool.line().leave(this);
        }
    }

    @Override
    public boolean isWaiting() {
        return state == State.WAITING;
    }

    @Override
    public boolean accept(PoolRequest from) {
        if (!pool.lending().isTo(isHolding()) && isWaiting()) {
            request = null;
            waitForResume();
            return false;
        }
        boolean accepted = STATE.compareAndSet(this, State.WAITING, State.CONSIDERING);
        if (accepted && from.isCancelled()) {
            // It was served otherwise, to no avail, and waits for another request by now.
            again();
            return false;
        }
        return accepted;
    }

    /** Goes on where the connection lives, and not inside the work of the one who gave it back. */
    @Override
    public void come(Pooled pooled) {
        long idle = pooled.sinceAlive();
        expectLoop();
        pooled.connection().execute(() -> lend(pooled, idle >= DOUBTFUL));
    }

    @Override
    boolean take(Pooled pooled) {
        if (!pool.lending().isTo(isHolding()) || !STATE.compareAndSet(this, State.WAITING, State.CONSIDERING)) {
            return false;
        }
        cancelRequest();
        come(pooled);
        return true;
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
        pool.line().joinServed(this);
        if (hasEnded()) {
            pool.line().leave(this);
        }
    }

    private void lend(Pooled pooled, boolean doubtful) {
        Lease lease = pool.lease(pooled, acquire.callSite());
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
            if (pool.listener().isPresent()) {
                pool.listener().onAcquire(waited());
            }
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
    public void failed(Throwable failure) {
        if (end(State.GIVEN_UP) != null) {
            fail(pool.failures().translate(failure));
        }
    }

    @Override
    long start() {
        return start;
    }

    @Override
    boolean isHolding() {
        return acquire.isHolding();
    }

    @Override
    long deadline() {
        return start + acquire.limit().toNanos();
    }

    @Override
    void outOfTime() {
        if (!hasEnded()) {
            giveUp(pool.failures().outOfTime(acquire.limit()));
        }
    }

    @Override
    void giveUp(Throwable failure) {
        State before = end(State.GIVEN_UP);
        if (before != null) {
            if (before == State.WAITING) {
                cancelRequest();
            }
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
        if (before == State.WAITING) {
            cancelRequest();
        }
        if (before != null && before != State.NEW) {
            pool.listener().onAcquireCancel(waited());
        }
    }

    private void cancelRequest() {
        PoolRequest asking = request;
        if (asking != null) {
            asking.cancel();
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

    private Duration waited() {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
