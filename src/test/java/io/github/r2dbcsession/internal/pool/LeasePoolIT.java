package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.PoolSettingsBuilder;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.testing.Backend;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

@DatabaseTest
class LeasePoolIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int SIZE = 3;

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(LeasePoolIT.class);
    private final LeasePool pool = pool(PoolSettings.builder().maxSize(SIZE).maxAcquireTime(LIMIT));

    @AfterEach
    void nothingIsLeft() {
        pool.close(Duration.ZERO).block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void aCleanConnectionIsLentAgain() {
        int first = pid(use("SELECT pg_backend_pid()"));
        int second = pid(use("SELECT pg_backend_pid()"));

        assertThat(second).isEqualTo(first);
        assertThat(pool.stats().idle()).isEqualTo(1);
        assertThat(pool.stats().acquired()).isZero();
    }

    @Test
    void aConnectionIsKeptAfterAnSqlError() {
        int before = pid(use("SELECT pg_backend_pid()"));

        StepVerifier.create(use("SELECT 1/0"))
                .expectErrorMessage("division by zero")
                .verify(LIMIT);
        awaitQuiet();

        assertThat(pid(use("SELECT pg_backend_pid()"))).isEqualTo(before);
    }

    @Test
    void aConnectionLeftInATransactionIsRolledBack() {
        int before = pid(use("SELECT pg_backend_pid()"));

        use("BEGIN").blockLast(LIMIT);
        awaitQuiet();

        assertThat(server.backends(name)).allMatch(backend -> "idle".equals(backend.state()));
        assertThat(pid(use("SELECT pg_backend_pid()"))).isEqualTo(before);
    }

    @Test
    void aBusyConnectionIsRecoveredAndItsStatementStopped() {
        int before = pid(use("SELECT pg_backend_pid()"));

        StepVerifier.create(use("SELECT pg_sleep(60)"))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> anyBackend("PgSleep")))
                .thenCancel()
                .verify(LIMIT);
        awaitQuiet();

        assertThat(anyBackend("PgSleep")).isFalse();
        assertThat(pid(use("SELECT pg_backend_pid()"))).isEqualTo(before);
    }

    @Test
    void aBusyConnectionInATransactionIsRecoveredToo() {
        int before = pid(use("SELECT pg_backend_pid()"));

        StepVerifier.create(Flux.usingWhen(
                        pool.acquire(),
                        lease -> run(lease, "BEGIN").thenMany(run(lease, "SELECT pg_sleep(60)")),
                        Lease::release))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> anyBackend("PgSleep")))
                .thenCancel()
                .verify(LIMIT);
        awaitQuiet();

        assertThat(server.backends(name)).allMatch(backend -> "idle".equals(backend.state()));
        assertThat(pid(use("SELECT pg_backend_pid()"))).isEqualTo(before);
    }

    @Test
    void aConnectionThatWillNotStopIsClosed() {
        int before = pid(use("SELECT pg_backend_pid()"));
        String stubborn =
                "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$";

        StepVerifier.create(use(stubborn))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> anyBackend("PgSleep")))
                .thenCancel()
                .verify(LIMIT);
        awaitQuiet();

        assertThat(pool.stats().allocated()).isZero();
        assertThat(pid(use("SELECT pg_backend_pid()"))).isNotEqualTo(before);
        server.query("SELECT pg_terminate_backend(?)", row -> row.getBoolean(1), before);
    }

    @Test
    void aLateCancelHitsNobody() {
        LeasePool single = pool(PoolSettings.builder().maxSize(1).maxAcquireTime(LIMIT));

        for (int i = 0; i < 100; i++) {
            use(single, "SELECT pg_sleep(0.0%d)".formatted(45 + i % 10))
                    .takeUntilOther(Mono.delay(Duration.ofMillis(1)))
                    .blockLast(LIMIT);
            StepVerifier.create(use(single, "SELECT 1"))
                    .expectNext(1)
                    .expectComplete()
                    .verify(LIMIT);
        }

        single.close(Duration.ZERO).block(LIMIT);
    }

    @RepeatedTest(20)
    void theNextBorrowerDoesNotWaitBehindACancelledStatement() {
        LeasePool single = pool(PoolSettings.builder().maxSize(1).maxAcquireTime(LIMIT));
        use(single, "SELECT 1").blockLast(LIMIT);

        StepVerifier.create(use(single, "SELECT pg_sleep(60)").timeout(Duration.ofMillis(100)))
                .expectError(TimeoutException.class)
                .verify(LIMIT);
        StepVerifier.create(use(single, "SELECT 1"))
                .expectNext(1)
                .expectComplete()
                .verify(Duration.ofSeconds(5));

        single.close(Duration.ZERO).block(LIMIT);
    }

    @Test
    void aFullPoolEndsAtTheDeadlineAndSaysSo() {
        LeasePool small = pool(PoolSettings.builder().maxSize(1).maxAcquireTime(Duration.ofSeconds(2)));
        Lease held = small.acquire().block(LIMIT);

        StepVerifier.create(small.acquire())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(AcquireTimeoutException.class)
                        .hasMessageContaining("pool test: no connection within 2000 ms (acquired 1,")
                        .hasMessageContaining("maxSize 1)")
                        .hasMessageContaining("every connection is in use"))
                .verify(LIMIT);

        assertThat(small.stats().pending()).isZero();
        held.release().block(LIMIT);
        assertThat(pid(use(small, "SELECT pg_backend_pid()"))).isPositive();
        small.close(Duration.ZERO).block(LIMIT);
    }

    @Test
    void cancelWhileWaitingFreesThePlace() {
        List<Lease> held = hold(SIZE);

        StepVerifier.create(pool.acquire())
                .expectSubscription()
                .then(() -> assertThat(pool.stats().pending()).isEqualTo(1))
                .thenCancel()
                .verify(LIMIT);

        assertThat(pool.stats().pending()).isZero();
        release(held);
        assertThat(pool.stats().idle()).isEqualTo(SIZE);
    }

    @Test
    void acquiresCancelledAtRandomLoseNoConnection() {
        Flux.range(0, 2_000)
                .flatMap(
                        i -> Mono.usingWhen(
                                        pool.acquire(),
                                        lease -> run(lease, "SELECT 1").then(),
                                        Lease::release)
                                .takeUntilOther(Mono.delay(Duration.ofNanos(i % 7 * 100_000L)))
                                .onErrorComplete(),
                        16)
                .blockLast(Duration.ofSeconds(30));
        awaitQuiet();

        List<Lease> all = hold(SIZE);
        assertThat(all.stream()
                        .map(lease -> pid(run(lease, "SELECT pg_backend_pid()")))
                        .distinct())
                .hasSize(SIZE);
        release(all);
    }

    @Test
    void idleConnectionsSeenToCloseAreReplacedWithoutAnError() {
        release(hold(SIZE));
        server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + name + "'");

        await().atMost(LIMIT).until(() -> pool.stats().allocated() == 0);

        for (int i = 0; i < 2 * SIZE; i++) {
            assertThat(pid(use("SELECT pg_backend_pid()"))).isPositive();
        }
    }

    @Test
    void aLeaseRunsNothingAfterItsRelease() {
        Lease lease = pool.acquire().block(LIMIT);
        lease.release().block(LIMIT);

        StepVerifier.create(run(lease, "SELECT 1"))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
        assertThat(lease.state()).isEqualTo(Lease.State.RELEASED);
    }

    @Test
    void releasingTwiceGivesBackOnce() {
        Lease lease = pool.acquire().block(LIMIT);

        lease.release().block(LIMIT);
        lease.release().block(LIMIT);

        assertThat(pool.stats().idle()).isEqualTo(1);
        assertThat(pool.stats().acquired()).isZero();
    }

    @Test
    void withoutPoolingEachConnectionServesOnce() {
        LeasePool unpooled = pool(PoolSettings.serverless().toBuilder());

        int first = pid(use(unpooled, "SELECT pg_backend_pid()"));
        int second = pid(use(unpooled, "SELECT pg_backend_pid()"));

        assertThat(second).isNotEqualTo(first);
        await().atMost(LIMIT).until(() -> unpooled.stats().allocated() == 0);
        unpooled.close(Duration.ZERO).block(LIMIT);
    }

    @Test
    void theFirstAcquireOpensTheInitialSize() {
        LeasePool warm = pool(PoolSettings.builder().maxSize(3).initialSize(2));

        assertThat(pid(use(warm, "SELECT pg_backend_pid()"))).isPositive();
        await().atMost(LIMIT).until(() -> warm.stats().idle() == 2);

        warm.close(Duration.ZERO).block(LIMIT);
    }

    @Test
    void connectionsThatLivedTooLongAreReplaced() {
        LeasePool shortLived = pool(PoolSettings.builder().maxSize(1).maxLifeTime(Duration.ofMillis(200)));

        int first = pid(use(shortLived, "SELECT pg_backend_pid()"));
        await().pollDelay(Duration.ofMillis(300)).atMost(LIMIT).until(() -> true);

        assertThat(pid(use(shortLived, "SELECT pg_backend_pid()"))).isNotEqualTo(first);
        shortLived.close(Duration.ZERO).block(LIMIT);
    }

    @Test
    void closingWaitsForLeasesAndRefusesNewOnes() {
        Lease lease = pool.acquire().block(LIMIT);
        var closing = pool.close(LIMIT).toFuture();

        StepVerifier.create(pool.acquire())
                .expectError(PoolClosedException.class)
                .verify(LIMIT);
        assertThat(closing).isNotDone();
        StepVerifier.create(run(lease, "SELECT 1"))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
        lease.release().block(LIMIT);

        assertThat(closing).succeedsWithin(LIMIT);
    }

    @Test
    void closingFailsThoseWhoWait() {
        List<Lease> held = hold(SIZE);
        StepVerifier.create(pool.acquire())
                .expectSubscription()
                .then(() -> pool.close(Duration.ZERO).subscribe())
                .expectError(PoolClosedException.class)
                .verify(LIMIT);
        release(held);
    }

    @Test
    void closingDoesNotWaitForAConnectThatHangs() {
        try (FakeServer silent = FakeServer.silent()) {
            LeasePool hanging = pool(
                    "postgresql://app:secret@127.0.0.1:%d/db?sslmode=disable".formatted(silent.port()),
                    PoolSettings.builder()
                            .maxSize(1)
                            .maxAcquireTime(LIMIT.multipliedBy(6))
                            .maxCreateConnectionTime(LIMIT.multipliedBy(6))
                            .build());
            StepVerifier.create(hanging.acquire())
                    .expectSubscription()
                    .then(() -> await().atMost(LIMIT).until(() -> silent.open() == 1))
                    .then(() -> hanging.close(Duration.ofMillis(100)).block(LIMIT))
                    .expectError(PoolClosedException.class)
                    .verify(LIMIT);
            await().atMost(LIMIT).until(() -> silent.open() == 0);
        }
    }

    @Test
    void aDedicatedLeaseStandsOutsideThePool() {
        List<Lease> held = hold(SIZE);

        Lease dedicated = pool.dedicated().block(LIMIT);
        StepVerifier.create(run(dedicated, "SELECT 1"))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
        assertThat(server.backends(name)).hasSize(SIZE + 1);
        dedicated.release().block(LIMIT);

        await().atMost(LIMIT).until(() -> server.backends(name).size() == SIZE);
        release(held);
    }

    private void awaitQuiet() {
        await().atMost(LIMIT)
                .until(() -> pool.stats().acquired() == 0 && pool.stats().recovering() == 0);
    }

    private boolean anyBackend(String waitEvent) {
        return server.backends(name).stream().map(Backend::waitEvent).anyMatch(waitEvent::equals);
    }

    private List<Lease> hold(int leases) {
        return Flux.range(0, leases)
                .flatMap(i -> pool.acquire(), leases)
                .collectList()
                .block(LIMIT);
    }

    private void release(List<Lease> leases) {
        Flux.fromIterable(leases).flatMap(Lease::release).blockLast(LIMIT);
    }

    private Flux<Integer> use(String sql) {
        return use(pool, sql);
    }

    private static Flux<Integer> use(LeasePool from, String sql) {
        return Flux.usingWhen(from.acquire(), lease -> run(lease, sql), Lease::release);
    }

    private static Flux<Integer> run(Lease lease, String sql) {
        return lease.converse(sql, statement -> {}, LeasePoolIT::number);
    }

    private static Flux<Integer> number(Result result) {
        return Flux.from(result.map(row -> row.get(0) instanceof Integer number ? number : 0));
    }

    private static int pid(Flux<Integer> answer) {
        return answer.blockLast(LIMIT);
    }

    private LeasePool pool(PoolSettingsBuilder settings) {
        return pool(server.url(LeasePoolIT.class), settings.build());
    }

    private static LeasePool pool(String url, PoolSettings settings) {
        Audience none = new Audience() {};
        return new LeasePool(
                "test",
                settings,
                new Connector(
                        ConnectionString.parse(url),
                        settings.maxCreateConnectionTime(),
                        TcpResources.get(),
                        none,
                        null),
                none);
    }
}
