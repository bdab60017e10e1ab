package io.github.r2dbcsession.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.ScriptedServer;
import io.github.r2dbcsession.testing.SlowProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
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
        db.sql("SELECT 1").as(Integer.class).one().retry(5).then(db.close()).block(Duration.ofSeconds(60));
    }

    @AfterEach
    void everythingIsGivenBack() {
        Flux.fromIterable(healths).concatMap(DatabaseHealth::close).blockLast(LIMIT);
        server.awaitNoBackends(name);
        Flux.fromIterable(databases).concatMap(Database::close).blockLast(LIMIT);
    }

    @Test
    void aDatabaseThatAnswersIsHealthy() {
        HealthReport report =
                checkWithDetails(health(database(server.url(DatabaseHealthIT.class) + "&sslmode=disable")));

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
        assertThat(details.certificateExpiry()).isEmpty();
        assertThat(details.standby()).contains(false);
        assertThat(details.replicationLag()).isEmpty();
        assertThat(details.clockSkew())
                .hasValueSatisfying(skew -> assertThat(skew.abs()).isLessThan(LIMIT));
        assertThat(details.maxConnections()).hasValue(number("max_connections"));
        assertThat(details.reservedConnections())
                .hasValue(number("superuser_reserved_connections") + number("reserved_connections"));
        assertThat(details.idleInTransactionSessionTimeout()).contains(Duration.ZERO);
    }

    private int number(String setting) {
        return server.query("SELECT coalesce(current_setting(?, true)::int, 0)", row -> row.getInt(1), setting)
                .get(0);
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
    void aCheckIsOneStatementAndDetailsAreAskedForOnceInAWhile() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())));

            HealthReport plain = check(health);
            int statements = proxy.statements();
            HealthReport detailed = checkWithDetails(health);
            HealthReport again = checkWithDetails(health);

            assertThat(plain.details()).isEmpty();
            assertThat(detailed.details().orElseThrow().notes()).isEmpty();
            assertThat(again.details().orElseThrow().databaseSize())
                    .isEqualTo(detailed.details().orElseThrow().databaseSize());
            assertThat(proxy.statements() - statements)
                    .as("two checks, and details once")
                    .isEqualTo(2 + DetailQuery.ALL.size());
        }
    }

    @Test
    void theLastReportIsGivenAgainWithinTheInterval() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = keep(DatabaseHealth.builder(database(url(proxy.port())))
                    .interval(Duration.ofMinutes(1))
                    .build());

            HealthReport first = check(health);
            Duration age = first.age();

            assertThat(check(health)).isSameAs(first);
            assertThat(first.age()).isGreaterThan(age);
            assertThat(proxy.questions()).isEqualTo(1);
        }
    }

    @Test
    void aServerThatLacksTheFunctionsIsAskedLess() {
        try (ScriptedServer lacking = ScriptedServer.running(DatabaseHealthIT::answerOnlyThePlainStatement)) {
            DatabaseHealth health =
                    health(database("postgresql://app@127.0.0.1:" + lacking.port() + "/shop?sslmode=disable"));

            HealthReport first = check(health);
            HealthReport second = check(health);

            assertThat(first.status()).as(first + "" + lacking.received()).isEqualTo(HealthStatus.HEALTHY);
            assertThat(second.status()).isEqualTo(HealthStatus.HEALTHY);
            assertThat(lacking.received().stream().filter(message -> message.contains("pg_is_in_recovery")))
                    .hasSize(1);
        }
    }

    /** The answer to a query: one row of one column. */
    private static byte[] row(int type, String value) {
        return ByteBuffer.allocate(29 + 11 + value.length() + 14)
                .put((byte) 'T')
                .putInt(28)
                .putShort((short) 1)
                .put("one\0".getBytes(StandardCharsets.US_ASCII))
                .putInt(0)
                .putShort((short) 0)
                .putInt(type)
                .putShort((short) -1)
                .putInt(-1)
                .putShort((short) 0)
                .put((byte) 'D')
                .putInt(10 + value.length())
                .putShort((short) 1)
                .putInt(value.length())
                .put(value.getBytes(StandardCharsets.US_ASCII))
                .put((byte) 'C')
                .putInt(13)
                .put("SELECT 1\0".getBytes(StandardCharsets.US_ASCII))
                .array();
    }

    private static void answerOnlyThePlainStatement(ScriptedServer.Peer client) throws IOException {
        client.opening();
        client.send(ScriptedServer.authentication(0, ""));
        client.send("Z\0\0\0\5I");
        while (true) {
            String message = client.message();
            if (message.startsWith("Q") && message.contains("pg_is_in_recovery")) {
                client.send("E\0\0\0)SERROR\0VERROR\0C42883\0Mno such thing\0\0");
            } else if (message.contains("health_check")) {
                client.send(row(23, "1"));
            } else if (message.contains("pg_type")) {
                client.send("C\0\0\0\15SELECT 0\0");
            } else if (message.startsWith("Q")) {
                client.send(row(25, "READ COMMITTED"));
            }
            client.send("Z\0\0\0\5I");
        }
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
        assertThat(onlyFinding(report).serverText())
                .as("no server has said anything")
                .isEmpty();
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
            DatabaseHealth health =
                    health(database("postgresql://app:x@127.0.0.1:" + silent.port() + "/shop?connect_timeout=3"));
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
    void aServerThatFallsSilentIsSlowThenUnhealthyAndHealsWhenItSpeaksAgain() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())));
            assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
            proxy.delay(Duration.ofSeconds(4));

            HealthReport slow = check(health);
            HealthReport silent = check(health);
            proxy.delay(Duration.ZERO);

            assertThat(slow.status()).isEqualTo(HealthStatus.DEGRADED);
            assertThat(onlyFinding(slow).code()).isEqualTo(Code.SLOW);
            assertThat(onlyFinding(slow).measured())
                    .matches("no answer after 1\\d\\d\\d ms, and the connection is open");
            assertThat(slow.latency()).isEmpty();
            assertThat(silent.status()).isEqualTo(HealthStatus.UNHEALTHY);
            assertThat(onlyFinding(silent).code()).isEqualTo(Code.TIMEOUT);
            assertThat(onlyFinding(silent).measured()).isEqualTo("no answer within 2000 ms");
            assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
        }
    }

    @Test
    void aSlowServerIsDegradedByTheDeadlineAndItsLateDetailsAreLeftOut() {
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())));
            check(health);
            proxy.delay(Duration.ofMillis(700));

            HealthReport warned = checkWithDetails(health);
            proxy.delay(Duration.ZERO);
            await().atMost(LIMIT).until(() -> check(health).findings().isEmpty());
            proxy.delay(Duration.ofMillis(1200));
            HealthReport slow = checkWithDetails(health);
            proxy.delay(Duration.ZERO);

            assertThat(warned.status()).isEqualTo(HealthStatus.HEALTHY);
            assertThat(onlyFinding(warned).code()).isEqualTo(Code.SLOW);
            assertThat(onlyFinding(warned).limit()).isEqualTo("500 ms");
            assertThat(warned.details().orElseThrow().notes())
                    .hasSize(DetailQuery.ALL.size())
                    .allSatisfy(note ->
                            assertThat(note).startsWith("partial view: ").endsWith("not there by the deadline"));
            assertThat(slow.status()).isEqualTo(HealthStatus.DEGRADED);
            assertThat(onlyFinding(slow).code()).isEqualTo(Code.SLOW);
            assertThat(onlyFinding(slow).limit()).isEqualTo("1000 ms");
            assertThat(slow.details()).isEmpty();
            assertThat(checkWithDetails(health).details().orElseThrow().notes()).isEmpty();
        }
    }

    @Test
    void aClockThatIsWrongIsAWarning() {
        DatabaseHealth health = keep(DatabaseHealth.builder(database(server.url(DatabaseHealthIT.class)))
                .clock(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1)))
                .build());

        HealthReport report = check(health);

        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(onlyFinding(report).code()).isEqualTo(Code.CLOCK_SKEW);
        assertThat(onlyFinding(report).measured()).matches("the server's clock is (59|60)\\d\\d\\d ms behind ours");
    }

    @Test
    void aPoolThatMayOutgrowTheServerIsAWarningOfTheDetails() {
        DatabaseHealth health = health(database(server.url(DatabaseHealthIT.class), number("max_connections")));

        assertThat(check(health).findings()).isEmpty();
        HealthReport report = checkWithDetails(health);

        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(onlyFinding(report).code()).isEqualTo(Code.MAX_CONNECTIONS);
        assertThat(report.score()).isEqualTo(onlyFinding(report).score());
    }

    @Test
    void severalDatabasesAreSummedUpTheWorstFirst() {
        HealthReport good = check(health(database(server.url(DatabaseHealthIT.class))));
        HealthReport bad = check(health(database("postgresql://app:x@127.0.0.1:1/shop")));

        HealthSummary summary = HealthSummary.of(List.of(good, bad));
        assertThat(summary).hasToString(bad + "; " + good);

        assertThat(summary.reports()).containsExactly(bad, good);
        assertThat(summary.status()).isEqualTo(HealthStatus.UNHEALTHY);
        assertThat(summary.score()).isZero();
        assertThatThrownBy(() -> HealthSummary.of(List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itGetsBetterOnlyWhenItHasBeenBetterForAWhile() {
        Database db = database(server.url(DatabaseHealthIT.class), 1);
        DatabaseHealth health = keep(DatabaseHealth.builder(db)
                .interval(Duration.ofMillis(1))
                .recoverAfter(3)
                .build());
        Session only = db.openSession().block(LIMIT);
        Disposable waiting = db.openSession().subscribe();
        assertThat(check(health).status()).isEqualTo(HealthStatus.DEGRADED);
        waiting.dispose();
        only.close().block(LIMIT);

        HealthReport first = check(health);
        HealthReport second = check(health);
        HealthReport third = check(health);
        db.close().block(LIMIT);

        assertThat(first.status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(onlyFinding(first).code()).isEqualTo(Code.RECOVERING);
        assertThat(onlyFinding(first).measured()).isEqualTo("HEALTHY in 1 checks in a row after DEGRADED");
        assertThat(onlyFinding(second).code()).isEqualTo(Code.RECOVERING);
        assertThat(third.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(third.findings()).isEmpty();
    }

    @Test
    void changesAreToldAndNothingElse() {
        Database db = database(server.url(DatabaseHealthIT.class), 1);
        DatabaseHealth health = keep(DatabaseHealth.builder(db)
                .interval(Duration.ofMillis(10))
                .recoverAfter(1)
                .build());
        Session only = db.openSession().block(LIMIT);
        AtomicReference<Disposable> waiting = new AtomicReference<>();

        StepVerifier.create(health.changes().map(HealthReport::status))
                .expectNext(HealthStatus.HEALTHY)
                .expectNoEvent(Duration.ofMillis(200))
                .then(() -> waiting.set(db.openSession().subscribe()))
                .expectNext(HealthStatus.DEGRADED)
                .expectNoEvent(Duration.ofMillis(200))
                .then(() -> waiting.get().dispose())
                .expectNext(HealthStatus.HEALTHY)
                .then(() -> health.close().subscribe())
                .expectNext(HealthStatus.UNHEALTHY)
                .expectComplete()
                .verify(LIMIT);
        only.close().block(LIMIT);
        db.close().block(LIMIT);
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
    void connectionsThatDoNotComeBackAreFound() {
        Database db = Database.builder(server.url(DatabaseHealthIT.class))
                .pool(PoolSettings.builder()
                        .maxSize(2)
                        .leakDetectionThreshold(Duration.ofMillis(500))
                        .build())
                .build();
        DatabaseHealth health = health(db);
        Session lost = db.openSession().block(LIMIT);
        assertThat(check(health).findings()).noneMatch(finding -> finding.code() == Code.LEAKS);

        await().atMost(LIMIT)
                .until(() -> check(health).findings().stream().anyMatch(finding -> finding.code() == Code.LEAKS));
        HealthFinding leak = onlyFinding(check(health));
        assertThat(leak.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(leak.measured()).startsWith("1 connections have been out for a long time, one for ");
        assertThat(leak.limit()).isEqualTo("leakDetectionThreshold 500 ms");

        lost.close().block(LIMIT);
        await().atMost(LIMIT).until(() -> check(health).findings().isEmpty());
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

        HealthReport report = checkWithDetails(health);

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
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())));
            proxy.delay(Duration.ofMillis(20));

            List<HealthReport> reports = Flux.range(0, 50)
                    .flatMap(i -> health.check(), 50)
                    .collectList()
                    .block(LIMIT);

            assertThat(reports)
                    .hasSize(50)
                    .allSatisfy(report -> assertThat(report).isSameAs(reports.get(0)));
            assertThat(proxy.questions()).isEqualTo(1);
            assertThat(proxy.connections()).isEqualTo(1);
            check(health);
            assertThat(proxy.questions()).as("after the first has ended").isEqualTo(2);
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
        try (SlowProxy proxy = SlowProxy.before(server.host(), server.port())) {
            DatabaseHealth health = health(database(url(proxy.port())));
            proxy.delay(Duration.ofMillis(50));

            StepVerifier.create(health.check())
                    .thenAwait(Duration.ofMillis(60))
                    .thenCancel()
                    .verify(LIMIT);

            assertThat(check(health).status()).isEqualTo(HealthStatus.HEALTHY);
            assertThat(proxy.connections()).as("joined the check under way").isEqualTo(1);
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
        return keep(DatabaseHealth.builder(db)
                .interval(Duration.ofMillis(1))
                .recoverAfter(1)
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

    /** Waits until a new report is due. */
    private static HealthReport check(DatabaseHealth health) {
        return health.check()
                .delaySubscription(Duration.ofMillis(5))
                .blockOptional(LIMIT)
                .orElseThrow();
    }

    private static HealthReport checkWithDetails(DatabaseHealth health) {
        return health.checkWithDetails()
                .delaySubscription(Duration.ofMillis(5))
                .blockOptional(LIMIT)
                .orElseThrow();
    }

    private static HealthFinding onlyFinding(HealthReport report) {
        assertThat(report.findings()).as(report.toString()).hasSize(1);
        return report.findings().get(0);
    }
}
