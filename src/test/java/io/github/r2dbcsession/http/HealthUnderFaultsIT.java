package io.github.r2dbcsession.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseListener;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.health.DatabaseHealthBuilder;
import io.github.r2dbcsession.health.HealthDetails;
import io.github.r2dbcsession.health.HealthFinding;
import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.PrimaryAndStandby;
import io.github.r2dbcsession.testing.SlowProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.github.r2dbcsession.testing.TlsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.util.function.Tuple2;

/**
 * Each fault is produced for real and met by 500 probes at once: they all name just that, by their deadline, at the cost of one connection
 * and one statement, and the process is told alive.
 */
@Tag("own-server")
@DatabaseTest
class HealthUnderFaultsIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration DEADLINE = Duration.ofSeconds(1);
    private static final Duration SCHEDULING = Duration.ofMillis(100);
    private static final int PROBES = 500;

    private final TestDatabase server = TestDatabase.get();
    private final AtomicInteger connects = new AtomicInteger();
    private final List<Mono<Void>> closing = new ArrayList<>();

    /** The first connect of a JVM loads so many classes that on a busy machine it outlasts a check. */
    @BeforeAll
    static void connectOnce() {
        Database db = Database.of(TestDatabase.get().url(HealthUnderFaultsIT.class));
        DatabaseHealth health = DatabaseHealth.of(db);
        db.sql("SELECT 1")
                .as(Integer.class)
                .one()
                .retry(5)
                .then(health.checkWithDetails())
                .then(health.close())
                .then(db.close())
                .block(Duration.ofSeconds(60));
    }

    @AfterEach
    void close() {
        Flux.concat(closing).blockLast(LIMIT);
    }

    @Test
    void saturation() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            Database db = database(url(proxy.port()));
            DatabaseHealth health = health(db, it -> it);
            Session only = db.openSession().block(LIMIT);
            Disposable waiting = db.openSession().subscribe();
            connected(health);

            assertNamedByOneAnInterval(proxy::questions, health, HealthStatus.DEGRADED, Code.SATURATED);
            assertThat(proxy.connections()).as("the pool's and one more").isEqualTo(2);
            waiting.dispose();
            only.close().block(LIMIT);
        }
    }

    @Test
    void errorsLately() {
        Database db = database(server.url(HealthUnderFaultsIT.class));
        DatabaseHealth health = health(db, it -> it.interval(Duration.ofMillis(1)));
        check(health);
        Session only = db.openSession().block(LIMIT);
        Mono<Session> refused = db.openSession().onErrorComplete();
        refused.block(LIMIT);
        only.close().block(LIMIT);

        HealthReport report = check(health);

        assertThat(report.status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.code()).isEqualTo(Code.ERRORS);
            assertThat(finding.measured()).startsWith("1 of 2 callers got no connection in the last ");
        });
    }

    @Test
    void blackHole() {
        try (FakeServer silent = FakeServer.silent()) {
            assertNamed(
                    health(database("postgresql://app:x@127.0.0.1:" + silent.port() + "/shop"), it -> it),
                    HealthStatus.UNHEALTHY,
                    Code.TIMEOUT);
            assertThat(silent.accepted()).isEqualTo(1);
        }
    }

    @Test
    void blackHoleBehindAnOpenConnection() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())), it -> it.interval(Duration.ofMillis(1)));
            connected(health);
            proxy.delay(LIMIT);
            int questions = proxy.questions();

            assertThat(check(health).status())
                    .as("slow or dead, nobody knows yet")
                    .isEqualTo(HealthStatus.DEGRADED);
            assertNamed(health, HealthStatus.UNHEALTHY, Code.TIMEOUT);
            assertThat(proxy.questions() - questions).isEqualTo(1);
        }
    }

    @Test
    void refused() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }

        assertNamedByOneAnInterval(
                connects::get,
                health(database("postgresql://app:x@127.0.0.1:" + port + "/shop"), it -> it),
                HealthStatus.UNHEALTHY,
                Code.REFUSED);
    }

    @Test
    void wrongPassword() {
        Database db = database(server.url(HealthUnderFaultsIT.class).replaceFirst(":[^:@/]*@", ":wrong@"));

        assertNamedByOneAnInterval(connects::get, health(db, it -> it), HealthStatus.UNHEALTHY, Code.AUTHENTICATION);
    }

    @Test
    void slowServer() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())), it -> it.interval(Duration.ofMillis(1)));
            connected(health);
            proxy.delay(Duration.ofMillis(1200));
            int questions = proxy.questions();

            assertNamed(health, HealthStatus.DEGRADED, Code.SLOW);
            assertThat(proxy.questions() - questions).isLessThanOrEqualTo(4);
            assertThat(proxy.connections()).isEqualTo(1);
            proxy.delay(Duration.ZERO);
        }
    }

    @Test
    void rolesAndLag() throws Exception {
        try (PrimaryAndStandby pair = PrimaryAndStandby.start();
                SlowProxy proxy = SlowProxy.before("127.0.0.1", pair.standbyPort())) {
            pair.follow();
            String standby = "postgresql://postgres@127.0.0.1:" + proxy.port()
                    + "/postgres?sslmode=disable&target_session_attrs=";

            assertNamedByOneAnInterval(
                    proxy::connections,
                    health(database(standby + "primary"), it -> it),
                    HealthStatus.UNHEALTHY,
                    Code.WRONG_ROLE);
            assertNamedByOneAnInterval(
                    proxy::questions,
                    connected(health(database(standby + "any"), DatabaseHealthBuilder::primaryWanted)),
                    HealthStatus.UNHEALTHY,
                    Code.READ_ONLY);
            DatabaseHealth health =
                    connected(health(database(standby + "standby"), it -> it.lagAbove(Duration.ofMillis(300))));
            assertThat(check(health).findings()).as("what was sent is replayed").isEmpty();

            pair.onStandby("SELECT pg_wal_replay_pause()");
            pair.onPrimary("CREATE TABLE not_replayed ()");
            await().atMost(LIMIT).until(() -> !check(health).findings().isEmpty());
            int connections = proxy.connections();
            assertNamedByOneAnInterval(proxy::questions, health, HealthStatus.DEGRADED, Code.LAG);
            assertThat(proxy.connections()).isEqualTo(connections);
            assertThat(detailed(health).replicationLag())
                    .hasValueSatisfying(lag -> assertThat(lag).isGreaterThan(Duration.ofMillis(300)));
            assertThat(detailed(health).standby()).contains(true);
            pair.onStandby("SELECT pg_wal_replay_resume()");
            Flux.concat(closing).blockLast(LIMIT);
        }
    }

    @Test
    void expiringCertificate(@TempDir Path folder) {
        Certificates certificates = Certificates.create();
        Instant end = Instant.now().plus(Duration.ofDays(20));
        try (TlsServer tls = TlsServer.debian();
                SlowProxy proxy = SlowProxy.before("127.0.0.1", tls.port())) {
            tls.configure(
                    certificates.issue(it -> it.addSanDnsName("localhost").notAfter(end)),
                    null,
                    "hostssl all app all scram-sha-256");
            String url = "postgresql://app:%s@localhost:%d/postgres?sslmode=verify-full&sslrootcert=%s"
                    .formatted(TlsServer.PASSWORD, proxy.port(), certificates.root(folder));

            DatabaseHealth warned = connected(health(database(url), it -> it));
            assertNamedByOneAnInterval(proxy::messages, warned, HealthStatus.HEALTHY, Code.CERTIFICATE_EXPIRING);
            assertThat(proxy.connections()).isEqualTo(1);
            assertThat(detailed(warned).certificateExpiry().orElseThrow().getEpochSecond())
                    .isEqualTo(end.getEpochSecond());
            assertThat(detailed(warned).tls()).contains(true);
            assertNamedByOneAnInterval(
                    proxy::messages,
                    connected(health(
                            database(url), it -> it.certificateWithin(Duration.ofDays(60), Duration.ofDays(21)))),
                    HealthStatus.DEGRADED,
                    Code.CERTIFICATE_EXPIRING);
            Flux.concat(closing).blockLast(LIMIT);
        }
    }

    /** On a busy machine a first login may outlast a check; it then goes on, and a later check has the connection. */
    private static DatabaseHealth connected(DatabaseHealth health) {
        await().atMost(LIMIT).until(() -> check(health).latency().isPresent());
        return health;
    }

    private void assertNamed(DatabaseHealth health, HealthStatus status, Code code) {
        for (int round = 0; round < 2; round++) {
            Mono<Long> control = Mono.delay(DEADLINE).elapsed().map(timed -> timed.getT1());
            Mono<List<Tuple2<Long, HealthReport>>> probes = Flux.range(0, PROBES)
                    .flatMap(probe -> health.check().elapsed(), PROBES)
                    .collectList()
                    .delaySubscription(Duration.ofMillis(5));
            Tuple2<List<Tuple2<Long, HealthReport>>, Long> all =
                    Mono.zip(probes, control).block(LIMIT);
            assertThat(all.getT1()).hasSize(PROBES).allSatisfy(probe -> {
                assertNamed(probe.getT2(), status, code);
                assertThat(probe.getT1() - all.getT2()).as("overrun in ms").isLessThan(SCHEDULING.toMillis());
            });
        }
        DisposableServer http = HealthEndpoint.of(health).bind(0).block(LIMIT);
        assertThat(get(http, "/health/live")).isEqualTo(200);
        assertThat(get(http, "/health/ready")).isEqualTo(status == HealthStatus.UNHEALTHY ? 503 : 200);
        http.disposeNow(LIMIT);
    }

    /** A new report is due one second after the last, and costs one of what is counted. */
    private void assertNamedByOneAnInterval(IntSupplier costs, DatabaseHealth health, HealthStatus status, Code code) {
        long start = System.nanoTime();
        int before = costs.getAsInt();
        assertNamed(health, status, code);
        assertThat(costs.getAsInt() - before)
                .as("for a thousand probes")
                .isLessThanOrEqualTo(
                        1 + (int) Duration.ofNanos(System.nanoTime() - start).toSeconds());
    }

    private static void assertNamed(HealthReport report, HealthStatus status, Code code) {
        assertThat(report.findings())
                .as(report.toString())
                .extracting(HealthFinding::code)
                .containsExactly(code);
        assertThat(report.status()).isEqualTo(status);
    }

    private static int get(DisposableServer http, String path) {
        return HttpClient.newConnection()
                .get()
                .uri("http://127.0.0.1:" + http.port() + path)
                .response()
                .block(LIMIT)
                .status()
                .code();
    }

    /** Waits until a new report is due. */
    private static HealthReport check(DatabaseHealth health) {
        return health.check().delaySubscription(Duration.ofMillis(5)).block(LIMIT);
    }

    private static HealthDetails detailed(DatabaseHealth health) {
        return health.checkWithDetails().block(LIMIT).details().orElseThrow();
    }

    private DatabaseHealth health(Database db, UnaryOperator<DatabaseHealthBuilder> settings) {
        DatabaseHealth health =
                settings.apply(DatabaseHealth.builder(db).recoverAfter(1)).build();
        closing.add(health.close().then(db.close()));
        return health;
    }

    private Database database(String url) {
        Database db = Database.builder(url)
                .pool(PoolSettings.builder()
                        .maxSize(1)
                        .maxAcquireTime(Duration.ofSeconds(3))
                        .build())
                .build();
        db.listen(new DatabaseListener() {
            @Override
            public void onConnect(Duration duration) {
                connects.incrementAndGet();
            }

            @Override
            public void onConnectFailure(Throwable failure, Duration duration) {
                connects.incrementAndGet();
            }
        });
        return db;
    }

    private String url(int port) {
        return server.url(HealthUnderFaultsIT.class).replaceFirst("@[^/]*/", "@127.0.0.1:" + port + "/");
    }
}
