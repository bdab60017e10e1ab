package io.github.r2dbcsession.internal.pool;

import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * Waits for a connection of the pool under one deadline. A connection arrives with the subscriber or goes back: one that comes after a
 * cancel or after the deadline is returned. Where a connection is idle, no timer is started.
 */
final class Acquire extends Mono<Lease> {

    private final LeasePool pool;
    private final Publisher<? extends Connection> source;
    private final Duration limit;

    Acquire(LeasePool pool, Publisher<? extends Connection> source, Duration limit) {
        this.pool = pool;
        this.source = source;
        this.limit = limit;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Lease> actual) {
        actual.onSubscribe(new Waiter(actual));
    }

    private enum State {
        WAITING,
        /** The subscriber has the lease. From here on the pool must not see a cancel: it would take the connection back. */
        DELIVERED,
        /** The subscriber has an error, or has gone. */
        GIVEN_UP
    }

    private final class Waiter implements CoreSubscriber<Connection>, Subscription {

        private final CoreSubscriber<? super Lease> actual;
        private final AtomicBoolean started = new AtomicBoolean();
        private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
        private final long start = System.nanoTime();
        private volatile @Nullable Subscription upstream;
        private volatile @Nullable Disposable timer;

        Waiter(CoreSubscriber<? super Lease> actual) {
            this.actual = actual;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void request(long n) {
            if (started.compareAndSet(false, true) && waiting()) {
                pool.figures().pending.incrementAndGet();
                source.subscribe(this);
                if (waiting()) {
                    startTimer();
                }
            }
        }

        private void startTimer() {
            Disposable scheduled =
                    Schedulers.parallel().schedule(this::outOfTime, limit.toNanos(), TimeUnit.NANOSECONDS);
            timer = scheduled;
            if (!waiting()) {
                scheduled.dispose();
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            upstream = subscription;
            subscription.request(Long.MAX_VALUE);
            if (state.get() == State.GIVEN_UP) {
                subscription.cancel();
            }
        }

        @Override
        public void onNext(Connection connection) {
            Optional<Lease> lease = waiting() ? pool.lease(connection) : Optional.empty();
            if (lease.isPresent() && end(State.DELIVERED)) {
                pool.listener().onAcquire(waited());
                actual.onNext(lease.get());
                actual.onComplete();
            } else if (lease.isPresent()) {
                lease.get().release().subscribe();
            } else {
                pool.takeBack(connection);
                again();
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (pool.foundClosed(failure)) {
                again();
            } else {
                fail(pool.translate(failure));
            }
        }

        /** The connection had closed while it was idle: that is not the caller's concern. */
        private void again() {
            if (waiting()) {
                source.subscribe(this);
            }
        }

        @Override
        public void onComplete() {
            // The connection came before; a pool that closes signals an error.
        }

        private void outOfTime() {
            Throwable failure = pool.outOfTime(limit);
            if (fail(failure)) {
                cancelUpstream();
            }
        }

        private boolean fail(Throwable failure) {
            boolean first = end(State.GIVEN_UP);
            if (first) {
                pool.listener().onAcquireFailure(failure, waited());
                actual.onError(failure);
            }
            return first;
        }

        @Override
        public void cancel() {
            if (end(State.GIVEN_UP) && started.get()) {
                cancelUpstream();
                pool.listener().onAcquireCancel(waited());
            }
        }

        /** Takes the one step out of waiting; what follows belongs to who took it. */
        private boolean end(State how) {
            if (!state.compareAndSet(State.WAITING, how)) {
                return false;
            }
            if (started.get()) {
                pool.figures().pending.decrementAndGet();
            }
            Disposable scheduled = timer;
            if (scheduled != null) {
                scheduled.dispose();
            }
            return true;
        }

        private boolean waiting() {
            return state.get() == State.WAITING;
        }

        private void cancelUpstream() {
            Subscription subscription = upstream;
            if (subscription != null) {
                subscription.cancel();
            }
        }

        private Duration waited() {
            return Duration.ofNanos(System.nanoTime() - start);
        }
    }
}
