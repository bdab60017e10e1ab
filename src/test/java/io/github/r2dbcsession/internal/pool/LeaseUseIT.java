package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

@DatabaseTest
class LeaseUseIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final Queue<String> told = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean listening = new AtomicBoolean();
    private final Audience audience = new Audience() {

        @Override
        public boolean isPresent() {
            return listening.get();
        }

        @Override
        public void onAcquire(Duration wait) {
            told.add("acquired");
        }

        @Override
        public void onRelease(Duration use) {
            told.add("released");
        }
    };
    private final LeasePool pool = pool();

    @AfterEach
    void nothingIsLeft() {
        Schedulers.resetOnScheduleHook("count");
        await().atMost(LIMIT)
                .until(() -> pool.stats().acquired() == 0 && pool.stats().recovering() == 0);
        assertThat(pool.stats().idle()).isEqualTo(1);
        pool.close(Duration.ZERO).block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(LeaseUseIT.class));
    }

    @Test
    void theConnectionIsBackWhenTheEndIsHeardOf() {
        StepVerifier.create(use("SELECT generate_series(1, 3)")
                        .doOnComplete(() -> assertThat(pool.stats().idle()).isEqualTo(1)))
                .expectNext(1, 2, 3)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void anErrorGivesItBackAndIsPassedOn() {
        StepVerifier.create(use("SELECT 1/0"))
                .expectErrorMessage("division by zero")
                .verify(LIMIT);
    }

    @Test
    void workThatThrowsGivesItBack() {
        StepVerifier.create(Lease.use(pool.acquire(), lease -> {
                    throw new IllegalArgumentException("no");
                }))
                .expectErrorMessage("no")
                .verify(LIMIT);
    }

    @Test
    void aCancelGivesItBackBeforeAsWellAsAfterTheLease() {
        StepVerifier.create(use("SELECT generate_series(1, 1000)"), 1)
                .expectNext(1)
                .thenCancel()
                .verify(LIMIT);
        for (int i = 0; i < 200; i++) {
            use("SELECT 1").subscribe().dispose();
            use("SELECT 1")
                    .takeUntilOther(Mono.delay(Duration.ofNanos(i * 10_000L)))
                    .blockLast(LIMIT);
        }
    }

    @Test
    void elementsComeAsTheyAreAskedFor() {
        StepVerifier.create(use("SELECT generate_series(1, 3)"), 0)
                .expectSubscription()
                .thenRequest(1)
                .expectNext(1)
                .thenRequest(3)
                .expectNext(2, 3)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void whereAConnectionIsIdleNothingIsScheduled() {
        use("SELECT 1").blockLast(LIMIT);
        AtomicInteger scheduled = new AtomicInteger();
        // The keeper's rounds go on: they are one a second, whatever is acquired.
        Schedulers.onScheduleHook("count", task -> {
            scheduled.incrementAndGet();
            return task;
        });

        for (int i = 0; i < 1_000; i++) {
            pool.acquire().flatMap(Lease::release).block(LIMIT);
        }

        assertThat(scheduled).hasValueLessThan(20);
    }

    @Test
    void whatCostsSomethingToTellIsToldOnlyWhileSomebodyListens() {
        use("SELECT 1").blockLast(LIMIT);
        assertThat(told).isEmpty();

        listening.set(true);
        use("SELECT 1").blockLast(LIMIT);
        assertThat(told).containsExactly("acquired", "released");
    }

    private Flux<Integer> use(String sql) {
        return Lease.use(
                pool.acquire(),
                lease -> lease.converse(
                        sql,
                        statement -> {},
                        result -> result.map(row -> {
                            Integer number = row.get(0, Integer.class);
                            return number == null ? 0 : number;
                        })));
    }

    private LeasePool pool() {
        PoolSettings settings =
                PoolSettings.builder().maxSize(1).maxAcquireTime(LIMIT).build();
        return new LeasePool(
                "use",
                settings,
                new Connector(
                        ConnectionString.parse(server.url(LeaseUseIT.class)),
                        settings.maxCreateConnectionTime(),
                        TcpResources.get(),
                        audience,
                        null),
                audience);
    }
}
