package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.testing.CrashServer;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.Result;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

/** What a pool does about connections that died, and about how many there are. */
@DatabaseTest
class HealingIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int ROUNDS = System.getProperty("scale", "commit").equals("commit") ? 20 : 1_000;

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(HealingIT.class);
    private final List<LeasePool> pools = new ArrayList<>();
    private final AtomicInteger connects = new AtomicInteger();
    private final AtomicInteger failedConnects = new AtomicInteger();

    private final Audience counter = new Audience() {
        @Override
        public void onConnect(Duration duration) {
            connects.incrementAndGet();
        }

        @Override
        public void onConnectFailure(Throwable failure, Duration duration) {
            failedConnects.incrementAndGet();
        }
    };

    @AfterEach
    void nothingIsLeft() {
        pools.forEach(pool -> pool.close(Duration.ZERO).block(LIMIT));
        server.awaitNoBackends(name);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void killingEveryIdleConnectionFailsNobody() {
        LeasePool pool = pool(PoolSettings.builder().maxSize(10).build());

        for (int round = 0; round < ROUNDS; round++) {
            release(hold(pool, 10));
            server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + name + "'");
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> server.backends(name).isEmpty());

            List<Integer> answers = Flux.range(0, 20)
                    .flatMap(i -> use(pool, "SELECT 1"), 4)
                    .collectList()
                    .block(LIMIT);
            assertThat(answers).hasSize(20);
        }
    }

    @Test
    void aConnectionThatDiedUnseenIsFoundOutBeforeItIsLent() throws Exception {
        try (CrashServer own = CrashServer.start(20)) {
            LeasePool pool =
                    pool(own.url(name), PoolSettings.builder().maxSize(3).build());
            release(hold(pool, 3));
            // Stopped processes answer nothing and close nothing.
            List<String> pids = own.execute("SELECT pid FROM pg_stat_activity WHERE application_name = '" + name + "'");
            signal("STOP", pids);
            Mono.delay(Duration.ofMillis(1_100)).block();

            StepVerifier.create(use(pool, "SELECT 1"))
                    .expectNext(1)
                    .expectComplete()
                    .verify(LIMIT);

            assertThat(connects).hasValue(4);
            signal("CONT", pids);
        }
    }

    @Test
    void evictingIdleConnectionsReplacesThemAndSparesWhatIsInUse() {
        LeasePool pool = pool(PoolSettings.builder().maxSize(3).build());
        List<Lease> held = hold(pool, 3);
        int used = pid(held.get(0));
        release(held.subList(1, 3));

        assertThat(pool.evictIdle().block(LIMIT)).isEqualTo(2);

        await().atMost(LIMIT).until(() -> server.backends(name).size() == 1);
        assertThat(pid(held.get(0))).isEqualTo(used);
        release(held.subList(0, 1));
        await().atMost(LIMIT).until(() -> server.backends(name).isEmpty());
        assertThat(use(pool, "SELECT 1").blockLast(LIMIT)).isEqualTo(1);
    }

    @Test
    void minIdleIsKept() {
        LeasePool pool = pool(PoolSettings.builder().maxSize(5).minIdle(2).build());

        Lease lease = pool.acquire().block(LIMIT);
        await().atMost(LIMIT).until(() -> pool.stats().idle() == 2);
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + name
                + "' AND pid <> " + pid(lease));

        await().atMost(LIMIT)
                .until(() -> pool.stats().idle() == 2 && server.backends(name).size() == 3);
        release(List.of(lease));
    }

    @Test
    void idleConnectionsAreAskedForASignOfLife() {
        LeasePool pool = pool(PoolSettings.builder()
                .maxSize(2)
                .keepAlive(Duration.ofSeconds(1))
                .build());
        List<Lease> held = hold(pool, 2);
        held.forEach(lease -> run(lease, "SELECT 2").blockLast(LIMIT));
        release(held);

        await().atMost(LIMIT)
                .until(() -> server.backends(name).stream().allMatch(backend -> "SELECT 1".equals(backend.query())));
        assertThat(server.backends(name)).hasSize(2);
        assertThat(pool.stats().acquired()).isZero();
    }

    @Test
    void aPeakOfShortWorkMakesNextToNoConnections() {
        PoolSettings settings = PoolSettings.builder().size(5).maxOverflow(45).build();
        LeasePool pool = pool(
                server.url(HealingIT.class),
                settings,
                Mono.delay(Duration.ofMillis(150)).thenReturn(Credentials.of(server.user(), server.password())));
        release(hold(pool, 5));
        // One that was begun for the five may still be under way.
        await().atMost(LIMIT).until(() -> pool.stats().connecting() == 0);
        connects.set(0);

        Long answers = Flux.range(0, 50)
                .flatMap(i -> use(pool, "SELECT 1 FROM pg_sleep(0.002)"), 50)
                .count()
                .block(LIMIT);

        assertThat(answers).isEqualTo(50);
        await().atMost(LIMIT).until(() -> pool.stats().connecting() == 0);
        assertThat(connects.get()).isLessThanOrEqualTo(1);
    }

    @Test
    void theOverflowGoesWhenItLiesIdle() {
        LeasePool pool = pool(PoolSettings.builder()
                .size(2)
                .maxOverflow(3)
                .maxOverflowIdleTime(Duration.ofMillis(200))
                .build());
        List<Lease> held = hold(pool, 5);
        assertThat(server.backends(name)).hasSize(5);

        release(held);

        await().atMost(LIMIT).until(() -> server.backends(name).size() == 2);
        Mono.delay(Duration.ofMillis(1_500)).block();
        assertThat(server.backends(name)).hasSize(2);
    }

    @Test
    void aPoolThatShrinksClosesWhatIsTooMuch() {
        LeasePool pool = pool(PoolSettings.builder().maxSize(5).build());
        List<Lease> held = hold(pool, 4);
        release(held.subList(2, 4));

        pool.resize(2, 0);
        await().atMost(LIMIT).until(() -> server.backends(name).size() == 2);

        release(held.subList(0, 2));
        pool.resize(4, 0);
        release(hold(pool, 4));
        assertThat(server.backends(name)).hasSize(4);
    }

    @Test
    void aSuspendedPoolLendsNothingUntilItResumes() {
        LeasePool pool = pool(PoolSettings.builder().maxSize(2).build());
        release(hold(pool, 1));
        pool.suspend().subscribe();

        StepVerifier.create(use(pool, "SELECT 1"))
                .expectSubscription()
                .then(() -> assertThat(pool.stats().pending()).isEqualTo(1))
                .expectNoEvent(Duration.ofMillis(100))
                .then(pool::resume)
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void callersWaitWhereTheServerHasNoPlaceLeft() throws Exception {
        try (CrashServer own = CrashServer.start(5)) {
            LeasePool pool = pool(
                    own.url(name),
                    PoolSettings.builder().maxSize(5).maxAcquireTime(LIMIT).build());
            release(hold(pool, 2));
            List<Connection> others = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                others.add(java.sql.DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:%d/postgres?user=postgres".formatted(own.port())));
            }
            long start = System.nanoTime();

            Long served = Flux.range(0, 40)
                    .flatMap(i -> use(pool, "SELECT 1 FROM pg_sleep(0.05)"), 10)
                    .count()
                    .block(LIMIT);

            double seconds = (System.nanoTime() - start) / 1e9;
            assertThat(served).isEqualTo(40);
            assertThat(failedConnects.get()).isBetween(1, 2 + (int) (3 * seconds));
            for (Connection other : others) {
                other.close();
            }
            List<Lease> all = hold(pool, 5);
            assertThat(all).hasSize(5);
            release(all);
        }
    }

    @Test
    void manyPoolsDoNotStormAServer() throws Exception {
        try (CrashServer own = CrashServer.start(30)) {
            List<LeasePool> many = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                many.add(pool(
                        own.url(name),
                        PoolSettings.builder().maxSize(10).maxAcquireTime(LIMIT).build()));
            }
            many.forEach(pool -> release(hold(pool, 1)));
            long start = System.nanoTime();

            Long served = Flux.range(0, 2_000)
                    .flatMap(i -> use(many.get(i % 20), "SELECT 1 FROM pg_sleep(0.005)"), 200)
                    .count()
                    .block(Duration.ofSeconds(60));

            double seconds = (System.nanoTime() - start) / 1e9;
            assertThat(served).isEqualTo(2_000);
            assertThat(failedConnects.get()).isLessThan((int) (20 * 3 * (1 + seconds)));
        }
    }

    private static void signal(String signal, List<String> pids) throws Exception {
        List<String> command = new ArrayList<>(List.of("kill", "-" + signal));
        command.addAll(pids);
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    private static List<Lease> hold(LeasePool pool, int leases) {
        return Flux.range(0, leases)
                .flatMap(i -> pool.acquire(), leases)
                .collectList()
                .block(LIMIT);
    }

    private static void release(List<Lease> leases) {
        Flux.fromIterable(leases).flatMap(Lease::release).blockLast(LIMIT);
    }

    private static Flux<Integer> use(LeasePool pool, String sql) {
        return Flux.usingWhen(pool.acquire(), lease -> run(lease, sql), Lease::release);
    }

    private static Flux<Integer> run(Lease lease, String sql) {
        return lease.converse(sql, statement -> {}, HealingIT::number);
    }

    private static Flux<Integer> number(Result result) {
        return Flux.from(result.map(row -> row.get(0) instanceof Integer number ? number : 0));
    }

    private static int pid(Lease lease) {
        return run(lease, "SELECT pg_backend_pid()").blockLast(LIMIT);
    }

    private LeasePool pool(PoolSettings settings) {
        return pool(server.url(HealingIT.class), settings);
    }

    private LeasePool pool(String url, PoolSettings settings) {
        return pool(url, settings, null);
    }

    private LeasePool pool(String url, PoolSettings settings, @Nullable Mono<Credentials> credentials) {
        Connector connector = new Connector(
                ConnectionString.parse(url),
                settings.maxCreateConnectionTime(),
                TcpResources.get(),
                counter,
                credentials);
        LeasePool pool = new LeasePool("test", settings, connector, counter);
        pools.add(pool);
        return pool;
    }
}
