package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.netty.tcp.TcpResources;

/**
 * Everything that another thread may do to an acquire, at each of its steps with r2dbc-pool, one thing or two. Nothing may be lost, lent
 * twice, ended twice, or cancelled after it has arrived.
 */
@DatabaseTest
class AcquireInterleavingsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final ExecutorService otherThreads = Executors.newCachedThreadPool();
    private Runnable onRelease = () -> {};
    private LeasePool pool = pool(PoolSettings.builder().maxSize(1).maxAcquireTime(LIMIT));

    /** Where an acquire and r2dbc-pool call each other. */
    private enum Step {
        SUBSCRIBE,
        ON_SUBSCRIBE,
        REQUEST,
        NEXT,
        NEXT_DONE,
        REQUEST_DONE,
        SUBSCRIBE_DONE
    }

    /** What the other thread does meanwhile. */
    private enum Deed {
        NOTHING,
        CANCEL,
        TIME_IS_UP,
        RESUME,
        RELEASE
    }

    /** What there is at the start; what is idle is with r2dbc-pool. */
    enum Start {
        IDLE,
        HELD,
        HELD_AND_SUSPENDED
    }

    @AfterEach
    void nothingIsLeft() {
        pool.close(Duration.ZERO).block(LIMIT);
        otherThreads.shutdownNow();
        server.awaitNoBackends(TestDatabase.applicationName(AcquireInterleavingsIT.class));
    }

    @ParameterizedTest
    @EnumSource
    void whateverComesBetweenNothingIsLostAndNothingHappensTwice(Start start) {
        for (Step first : Step.values()) {
            for (Deed deed : Deed.values()) {
                for (Step second : Step.values()) {
                    for (Deed other : Deed.values()) {
                        if (second.compareTo(first) >= 0) {
                            run(start, first, deed, second, other);
                        }
                    }
                }
            }
        }
    }

    @Test
    void aConnectionMadeWhileACallerTakesItsPlaceIsGivenToIt() {
        pool.close(Duration.ZERO).block(LIMIT);
        pool = pool(PoolSettings.builder().maxSize(1).initialSize(1).maxAcquireTime(LIMIT));
        Caller caller = new Caller();

        acquire(caller, step -> {
            if (step == Step.SUBSCRIBE_DONE) {
                pool.supply().serve();
                await().atMost(LIMIT)
                        .until(() ->
                                pool.stats().allocated() == 1 && pool.stats().connecting() == 0);
            }
        });

        await().atMost(Duration.ofSeconds(5)).until(() -> caller.leases.size() == 1);
        caller.leases.get(0).release().block(LIMIT);
    }

    @Test
    void aCallerThatComesWhileASuspendedPoolClosesIsToldSo() {
        pool.suspend().subscribe();
        pool.close(Duration.ZERO).block(LIMIT);

        assertThat(pool.acquire().materialize().block(Duration.ofSeconds(5)).getThrowable())
                .hasMessageContaining("closed");
    }

    @Test
    void aCallerThatComesWhileAConnectionIsBeingKeptIsGivenIt() {
        Caller caller = new Caller();
        Lease held = pool.acquire().block(LIMIT);
        onRelease = () -> {
            onRelease = () -> {};
            elsewhere(() -> pool.acquire().subscribe(caller));
            assertThat(caller.leases).isEmpty();
        };

        held.release().block(LIMIT);

        await().atMost(Duration.ofSeconds(5)).until(() -> caller.leases.size() == 1);
        caller.leases.get(0).release().block(LIMIT);
    }

    @Test
    void aCallerThatCancelsWhileItTakesAKeptConnectionLeavesItToOthers() {
        pool.acquire().flatMap(Lease::release).block(LIMIT);
        for (int i = 0; i < 1_000; i++) {
            Caller caller = new Caller();
            pool.acquire().subscribe(caller);
            caller.cancelled = true;
            elsewhere(caller.subscription::cancel);
            caller.leases.forEach(lease -> lease.release().block(LIMIT));
        }

        await().atMost(Duration.ofSeconds(5)).until(() -> pool.stats().idle() == 1);
        assertThat(pool.stats().acquired()).isZero();
    }

    private void run(Start start, Step first, Deed deed, Step second, Deed other) {
        String run = "%s, %s at %s, %s at %s".formatted(start, deed, first, other, second);
        Lease held = start == Start.IDLE ? null : pool.acquire().block(LIMIT);
        if (held == null) {
            pool.acquire().flatMap(Lease::release).block(LIMIT);
            pool.atHand().clear();
        }
        if (start == Start.HELD_AND_SUSPENDED) {
            pool.suspend().subscribe();
        }
        Caller caller = new Caller();
        boolean[] done = new boolean[2];
        acquire(caller, step -> {
            if (step == first && !done[0]) {
                done[0] = true;
                elsewhere(() -> act(deed, caller, held));
            }
            if (step == second && !done[1]) {
                done[1] = true;
                elsewhere(() -> act(other, caller, held));
            }
        });
        pool.resume();
        if (held != null) {
            held.release().block(LIMIT);
        }
        await(run)
                .pollInterval(Duration.ofMillis(1))
                .atMost(LIMIT)
                .until(() -> caller.ends.get() > 0 || caller.cancelled);

        boolean lent = !caller.leases.isEmpty();
        if (lent && !caller.cancelled) {
            assertThat(pool.stats().acquired()).as(run).isEqualTo(1);
        }
        caller.leases.forEach(lease -> lease.release().block(LIMIT));
        await(run)
                .pollInterval(Duration.ofMillis(1))
                .atMost(LIMIT)
                .until(() -> pool.stats().idle() == 1);
        assertThat(caller.leases).as(run).hasSizeLessThanOrEqualTo(1);
        assertThat(caller.errors).as(run).hasSizeLessThanOrEqualTo(lent ? 0 : 1);
        assertThat(caller.ends).as(run).hasValueLessThanOrEqualTo(1);
        assertThat(caller.cancelsAfterArrival).as(run).hasValue(0);
        assertThat(pool.stats().pending()).as(run).isZero();
        assertThat(pool.stats().acquired() + pool.stats().recovering()).as(run).isZero();
    }

    private void act(Deed deed, Caller caller, Lease held) {
        switch (deed) {
            case NOTHING -> {}
            case CANCEL -> {
                caller.cancelled = true;
                caller.subscription.cancel();
            }
            case TIME_IS_UP -> pool.line().forEach(WaitingLine.Place::outOfTime);
            case RESUME -> pool.resume();
            case RELEASE -> {
                if (held != null) {
                    held.release().block(LIMIT);
                }
            }
        }
    }

    private void elsewhere(Runnable deed) {
        CompletableFuture.runAsync(deed, otherThreads)
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    private void acquire(Caller caller, Consumer<Step> at) {
        new Acquire(
                        pool,
                        subscriber -> {
                            at.accept(Step.SUBSCRIBE);
                            pool.source()
                                    .subscribe(
                                            new Stepwise((CoreSubscriber<? super Connection>) subscriber, caller, at));
                            at.accept(Step.SUBSCRIBE_DONE);
                        },
                        LIMIT,
                        CallSite.UNKNOWN,
                        false)
                .subscribe(caller);
    }

    /** Who acquires. */
    private static final class Caller implements CoreSubscriber<Lease> {

        private final List<Lease> leases = new ArrayList<>();
        private final List<Throwable> errors = new ArrayList<>();
        private final AtomicInteger ends = new AtomicInteger();
        private final AtomicInteger cancelsAfterArrival = new AtomicInteger();
        private volatile Subscription subscription;
        private volatile boolean cancelled;

        @Override
        public void onSubscribe(Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public synchronized void onNext(Lease lease) {
            leases.add(lease);
        }

        @Override
        public synchronized void onError(Throwable failure) {
            errors.add(failure);
            ends.incrementAndGet();
        }

        @Override
        public void onComplete() {
            ends.incrementAndGet();
        }
    }

    /** Stops at each step between r2dbc-pool and an acquire. */
    private record Stepwise(
            CoreSubscriber<? super Connection> acquire, Caller caller, Consumer<Step> at, AtomicInteger come)
            implements CoreSubscriber<Connection> {

        Stepwise(CoreSubscriber<? super Connection> acquire, Caller caller, Consumer<Step> at) {
            this(acquire, caller, at, new AtomicInteger());
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            at.accept(Step.ON_SUBSCRIBE);
            acquire.onSubscribe(new Subscription() {
                @Override
                public void request(long n) {
                    at.accept(Step.REQUEST);
                    subscription.request(n);
                    at.accept(Step.REQUEST_DONE);
                }

                @Override
                public void cancel() {
                    caller.cancelsAfterArrival.addAndGet(come.get());
                    subscription.cancel();
                }
            });
        }

        @Override
        public void onNext(Connection connection) {
            at.accept(Step.NEXT);
            come.set(1);
            acquire.onNext(connection);
            at.accept(Step.NEXT_DONE);
        }

        @Override
        public void onError(Throwable failure) {
            acquire.onError(failure);
        }

        @Override
        public void onComplete() {
            acquire.onComplete();
        }
    }

    private LeasePool pool(io.github.r2dbcsession.config.PoolSettingsBuilder builder) {
        PoolSettings settings = builder.build();
        Audience none = new Audience() {
            @Override
            public void onRelease(Duration use) {
                onRelease.run();
            }
        };
        return new LeasePool(
                "test",
                settings,
                new Connector(
                        ConnectionString.parse(server.url(AcquireInterleavingsIT.class)),
                        settings.maxCreateConnectionTime(),
                        TcpResources.get(),
                        none,
                        null),
                none);
    }
}
