package io.github.r2dbcsession.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@DatabaseTest
class DatabaseHealthIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final Duration SCHEDULING = Duration.ofMillis(100);
    private static final String CANARY = "c4n[ary";

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(DatabaseHealthIT.class);
    private final List<Database> databases = new ArrayList<>();
    private final List<DatabaseHealth> healths = new ArrayList<>();

    /** The first connect of a JVM loads so many classes that on a busy machine it outlasts a check. */
    @BeforeAll
    static void connectOnce() {
        Database db = Database.of(TestDatabase.get().url(DatabaseHealthIT.class));
        db.sql("SELECT 1").as(Integer.class).one().then(db.close()).block(Duration.ofSeconds(30));
    }

    @AfterEach
    void everythingIsGivenBack() {
        Flux.fromIterable(healths).concatMap(DatabaseHealth::close).blockLast(LIMIT);
        server.awaitNoBackends(name);
        Flux.fromIterable(databases).concatMap(Database::close).blockLast(LIMIT);
    }

    @Test
    void aDatabaseThatAnswersIsHealthy() {
        HealthReport report = check(health(database(server.url(DatabaseHealthIT.class) + "&sslmode=disable")));

        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(report.score()).isGreaterThan(0.8);
        assertThat(report.latency())
                .hasValueSatisfying(latency -> assertThat(latency).isPositive());
        assertThat(report.findings()).isEmpty();
        assertThat(report.pool().allocated()).as("the pool is not touched").isZero();
        assertThat(report.time()).isNotNull();
        HealthDetails details = report.details().orElseThrow();
        assertThat(details.notes()).isEmpty();
        assertThat(details.databaseName()).contains(server.database());
        assertThat(details.databaseSize().getAsLong()).isGreaterThan(1_000_000);
        assertThat(details.databaseSizePretty())
                .hasValueSatisfying(size -> assertThat(size).containsPattern("^\\d+ [kMG]B$"));
        assertThat(details.serverVersion())
                .contains(server.query("SHOW server_version", row -> row.getString(1))
                        .get(0));
        assertThat(details.connections().getAsInt()).isGreaterThanOrEqualTo(2);
        assertThat(details.activeConnections().getAsInt())
                .isBetween(1, details.connections().getAsInt());
        assertThat(details.tls()).contains(false);
    }

    @Test
    void theConnectionIsKeptBetweenChecksUntilClosed() {
        DatabaseHealth health = health(database(server.url(DatabaseHealthIT.class)));

        check(health);
        int first = pid();
        check(health);

        assertThat(pid()).isEqualTo(first);
        StepVerifier.create(health.close()).expectComplete().verify(LIMIT);
        server.awaitNoBackends(name);
        assertThat(onlyFinding(check(health)).code()).isEqualTo(Code.CLOSED);
        StepVerifier.create(health.close()).expectComplete().verify(LIMIT);
    }

    @Test
    void withoutDetailsACheckIsOneStatement() {
        DatabaseHealth health = keep(DatabaseHealth.builder(database(server.url(DatabaseHealthIT.class)))
                .noDetails()
                .build());

        HealthReport report = check(health);

        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(report.details()).isEmpty();
        assertThat(server.backends(name))
                .singleElement()
                .satisfies(backend -> assertThat(backend.query()).isEqualTo("SELECT 1"));
    }

    @Test
    void aWrongPasswordIsToldByTheServersWordsAndNotItself() {
        String url = server.url(DatabaseHealthIT.class).replaceFirst(":[^:@/]*@", ":" + CANARY + "@");

        HealthReport report = check(health(database(url)));

        HealthFinding finding = onlyFinding(report);
        assertThat(report.status()).isEqualTo(HealthStatus.UNHEALTHY);
        assertThat(finding.code()).isEqualTo(Code.AUTHENTICATION);
        assertThat(finding.measured()).isEqualTo("the server refused the login (SQLSTATE 28P01)");
        assertThat(finding.serverText()).contains("password authentication failed");
        assertThat(report + finding.toString()).doesNotContain(CANARY);
    }

    @Test
    void aClosedPortIsRefused() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }

        HealthReport report = check(health(database(url(port))));

        assertThat(onlyFinding(report).code()).isEqualTo(Code.REFUSED);
        assertThat(report.details()).isEmpty();
    }

    @Test
    void anUnknownHostIsToldApart() {
        HealthReport report = check(health(database("postgresql://app:x@no-such-host.invalid/shop")));

        assertThat(onlyFinding(report).code()).isEqualTo(Code.UNKNOWN_HOST);
    }

    @Test
    void demandedTlsThatTheServerLacksIsToldApart() {
        try (FakeServer noTls = FakeServer.answering((byte) 'N')) {
            HealthReport report =
                    check(health(database("postgresql://app:x@127.0.0.1:" + noTls.port() + "/shop?sslmode=require")));

            assertThat(onlyFinding(report).code()).isEqualTo(Code.TLS);
        }
    }

    @Test
    void aHostThatNeverAnswersCostsNoMoreThanTheDeadline() {
        try (FakeServer silent = FakeServer.silent()) {
            DatabaseHealth health = health(database("postgresql://app:x@127.0.0.1:" + silent.port() + "/shop"), SHORT);
            Mono<Long> control = Mono.delay(SHORT).elapsed().map(timed -> timed.getT1());

            Mono<Long> overrun = Mono.zip(health.check().elapsed(), control, (checked, timer) -> {
                assertThat(onlyFinding(checked.getT2()).code()).isEqualTo(Code.TIMEOUT);
                return checked.getT1() - timer;
            });

            assertThat(overrun.block(LIMIT)).isLessThan(SCHEDULING.toMillis());
            await("its socket is closed").atMost(LIMIT).until(() -> silent.open() == 0);
        }
    }

    @Test
    void aServerThatFallsSilentIsReportedByTheDeadlineAndHealsWhenItSpeaksAgain() {
        try (ProtocolProxy proxy = new ProtocolProxy(server)) {
            DatabaseHealth health = health(database(proxy.url(DatabaseHealthIT.class)), SHORT);
            assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
            proxy.toClient().stall();

            HealthReport silent = check(health);
            proxy.toClient().resume();

            assertThat(onlyFinding(silent).code()).isEqualTo(Code.TIMEOUT);
            assertThat(onlyFinding(silent).measured()).isEqualTo("no answer");
            assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
        }
    }

    @Test
    void aSlowServerIsDegradedAndItsLateDetailsAreLeftOut() {
        try (ProtocolProxy proxy = new ProtocolProxy(server)) {
            DatabaseHealth health = health(database(proxy.url(DatabaseHealthIT.class)));
            check(health);
            proxy.toClient().latency(Duration.ofMillis(1200));

            HealthReport slow = check(health);
            proxy.toClient().latency(Duration.ZERO);

            assertThat(slow.status()).isEqualTo(HealthStatus.DEGRADED);
            assertThat(onlyFinding(slow).code()).isEqualTo(Code.SLOW);
            assertThat(onlyFinding(slow).limit()).isEqualTo("1000 ms");
            assertThat(slow.details().orElseThrow().notes())
                    .hasSize(4)
                    .allSatisfy(note ->
                            assertThat(note).startsWith("partial view: ").endsWith("not there by the deadline"));
            assertThat(check(health).details().orElseThrow().notes()).isEmpty();
        }
    }

    @Test
    void anExhaustedPoolIsDegradedAndStillAnswered() {
        Database db = database(server.url(DatabaseHealthIT.class), 1);
        DatabaseHealth health = health(db);
        Session only = db.openSession().block(LIMIT);
        Disposable waiting = db.openSession().subscribe();

        HealthReport report = check(health);
        waiting.dispose();
        only.close().block(LIMIT);

        assertThat(report.status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(onlyFinding(report).code()).isEqualTo(Code.SATURATED);
        assertThat(onlyFinding(report).measured()).isEqualTo("1 connections in use and 1 callers waiting");
        assertThat(report.pool().saturated()).isTrue();
        assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
        db.close().block(LIMIT);
    }

    @Test
    void missingRightsLeaveAPartialViewAndTheStatus() {
        String database = "health_partial_view";
        server.execute("DROP DATABASE IF EXISTS " + database);
        server.execute("DROP ROLE IF EXISTS health_reader");
        server.execute("CREATE ROLE health_reader LOGIN PASSWORD 'reader'");
        server.execute("CREATE DATABASE " + database);
        String url = server.url().replaceFirst("/[^/]*$", "/" + database);
        Database own = database(url);
        own.sql("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_database_size(name) FROM PUBLIC")
                .rowsUpdated()
                .block(LIMIT);
        DatabaseHealth health = health(database(
                url.replaceFirst("//.*@", "//health_reader:reader@") + "?sslmode=disable&application_name=" + name));

        HealthReport report = check(health);

        HealthDetails details = report.details().orElseThrow();
        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(details.databaseName()).contains(database);
        assertThat(details.databaseSize()).isEmpty();
        assertThat(details.databaseSizePretty()).isEmpty();
        assertThat(details.connections()).hasValue(2);
        assertThat(details.activeConnections()).isEmpty();
        assertThat(details.tls()).contains(false);
        assertThat(details.notes())
                .containsExactly(
                        "partial view: activeConnections: this role may not watch 1 of 2 connections; grant it pg_read_all_stats",
                        "partial view: databaseSize: this role has not the right (SQLSTATE 42501)");

        own.close().block(LIMIT);
        health.close().block(LIMIT);
        server.awaitNoBackends(name);
        server.execute("DROP DATABASE " + database + " WITH (FORCE)");
        server.execute("DROP ROLE health_reader");
    }

    @Test
    void concurrentChecksShareOneStatementAndOneConnection() {
        try (ProtocolProxy proxy = new ProtocolProxy(server)) {
            DatabaseHealth health = health(database(proxy.url(DatabaseHealthIT.class)));
            proxy.toClient().latency(Duration.ofMillis(20));

            List<HealthReport> reports = Flux.range(0, 50)
                    .flatMap(i -> health.check(), 50)
                    .collectList()
                    .block(LIMIT);

            assertThat(reports)
                    .hasSize(50)
                    .allSatisfy(report -> assertThat(report).isSameAs(reports.get(0)));
            assertThat(proxy.statements()).filteredOn("SELECT 1"::equals).hasSize(1);
            assertThat(proxy.connects()).isEqualTo(1);
            check(health);
            assertThat(proxy.statements())
                    .as("after the first has ended")
                    .filteredOn("SELECT 1"::equals)
                    .hasSize(1);
        }
    }

    @Test
    void aTerminatedConnectionIsReplacedByTheNextCheck() {
        DatabaseHealth health = health(database(server.url(DatabaseHealthIT.class)));
        check(health);
        int first = pid();
        server.query("SELECT pg_terminate_backend(?)", row -> row.getBoolean(1), first);

        HealthReport report = check(health);

        assertThat(report.status()).as(report.toString()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(pid()).isNotEqualTo(first);
    }

    @Test
    void aCancelLeavesTheCheckToThoseWhoStillWait() {
        try (ProtocolProxy proxy = new ProtocolProxy(server)) {
            DatabaseHealth health = health(database(proxy.url(DatabaseHealthIT.class)));
            proxy.toClient().latency(Duration.ofMillis(50));

            StepVerifier.create(health.check())
                    .thenAwait(Duration.ofMillis(60))
                    .thenCancel()
                    .verify(LIMIT);

            assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
            assertThat(proxy.connects()).as("joined the check under way").isEqualTo(1);
        }
    }

    @Test
    void closingEndsACheckUnderWay() {
        try (FakeServer silent = FakeServer.silent()) {
            DatabaseHealth health = health(database("postgresql://app:x@127.0.0.1:" + silent.port() + "/shop"));
            Mono<HealthReport> waiting = health.check().cache();
            Disposable subscribed = waiting.subscribe();
            await().atMost(LIMIT).until(() -> silent.accepted() == 1);

            health.close().block(LIMIT);

            StepVerifier.create(waiting)
                    .assertNext(report -> assertThat(onlyFinding(report).code()).isEqualTo(Code.CLOSED))
                    .expectComplete()
                    .verify(SHORT);
            await("its socket is closed").atMost(LIMIT).until(() -> silent.open() == 0);
            subscribed.dispose();
        }
    }

    @Test
    void aClosedDatabaseIsToldApart() {
        Database db = database(server.url(DatabaseHealthIT.class));
        DatabaseHealth health = health(db);
        check(health);

        db.close().block(LIMIT);

        assertThat(onlyFinding(check(health)).code()).isEqualTo(Code.CLOSED);
    }

    private Database database(String url) {
        return database(url, 3);
    }

    private Database database(String url, int maxSize) {
        Database db = Database.builder(url)
                .pool(PoolSettings.builder().maxSize(maxSize).build())
                .build();
        databases.add(db);
        return db;
    }

    private DatabaseHealth health(Database db) {
        return keep(DatabaseHealth.of(db));
    }

    private DatabaseHealth health(Database db, Duration timeout) {
        return keep(DatabaseHealth.builder(db)
                .timeout(timeout)
                .degradedAbove(timeout.dividedBy(2))
                .warnAbove(timeout.dividedBy(4))
                .build());
    }

    private DatabaseHealth keep(DatabaseHealth health) {
        healths.add(health);
        return health;
    }

    private String url(int port) {
        return server.url(DatabaseHealthIT.class).replaceFirst("@[^/]*/", "@127.0.0.1:" + port + "/");
    }

    private int pid() {
        return server.backends(name).get(0).pid();
    }

    private static HealthReport check(DatabaseHealth health) {
        return health.check().blockOptional(LIMIT).orElseThrow();
    }

    private static HealthFinding onlyFinding(HealthReport report) {
        assertThat(report.findings()).as(report.toString()).hasSize(1);
        return report.findings().get(0);
    }
}
