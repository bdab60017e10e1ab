package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException.Reason;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

@DatabaseTest
class ConnectorIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final String CANARY = "c4n[ary";

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(ConnectorIT.class);

    @Test
    void aConnectionIsIdleAndClosesOnTheServerToo() {
        PhysicalConnection connection =
                connector(server.url(ConnectorIT.class), LIMIT).connect().block(LIMIT);

        assertThat(connection.isIdle()).isTrue();
        assertThat(server.backends(name)).hasSize(1);
        StepVerifier.create(connection.close()).expectComplete().verify(LIMIT);
        server.awaitNoBackends(name);
        assertThat(connection.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"any", "primary", "prefer-standby"})
    void aConnectThatIsCancelledAtAnyMomentLeavesNothing(String role) {
        Connector connector = connector(server.url(ConnectorIT.class) + "&target_session_attrs=" + role, LIMIT);
        long start = System.nanoTime();
        connector.connect().block(LIMIT).close().block(LIMIT);
        long usual = System.nanoTime() - start;
        long seed = System.nanoTime();
        Random random = new Random(seed);

        Flux.range(0, 120)
                .flatMap(
                        i -> connector
                                .connect()
                                .flatMap(PhysicalConnection::close)
                                .takeUntilOther(Mono.delay(Duration.ofNanos(random.nextLong(2 * usual))))
                                // It may hear that it has been cut off.
                                .onErrorComplete(),
                        4)
                .blockLast(LIMIT.multipliedBy(3));

        await("seed " + seed).atMost(LIMIT).until(() -> server.backends(name).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"any", "primary"})
    void aListenerThatThrowsLeavesNoConnection(String role) {
        Connector connector = new Connector(
                ConnectionString.parse(server.url(ConnectorIT.class) + "&target_session_attrs=" + role),
                LIMIT,
                TcpResources.get(),
                new ConnectListener() {
                    @Override
                    public void onConnect(Duration duration) {
                        throw new IllegalStateException("thrown by a listener");
                    }
                });

        StepVerifier.create(connector.connect())
                .expectErrorMessage("thrown by a listener")
                .verify(LIMIT);

        server.awaitNoBackends(name);
    }

    @Test
    void isNotIdleWhileAnAnswerIsOwedNorInsideATransaction() {
        PhysicalConnection connection =
                connector(server.url(ConnectorIT.class), LIMIT).connect().block(LIMIT);

        run(connection, "BEGIN");
        assertThat(connection.isQuiet()).isTrue();
        assertThat(connection.isIdle()).isFalse();
        run(connection, "COMMIT");
        assertThat(connection.committed()).isTrue();
        assertThat(connection.isIdle()).isTrue();
        run(connection, "BEGIN");
        run(connection, "ROLLBACK");
        assertThat(connection.committed()).isFalse();

        var running = connection
                .converse("SELECT pg_sleep(5)", statement -> {}, Result::getRowsUpdated)
                .subscribe();
        await().atMost(LIMIT).until(() -> !connection.isIdle());
        running.dispose();
        assertThat(connection.isQuiet()).as("after a cancel").isFalse();
        connection.invalidate().block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void invalidatingStopsTheStatementOnTheServer() {
        PhysicalConnection connection =
                connector(server.url(ConnectorIT.class), LIMIT).connect().block(LIMIT);
        connection
                .converse("SELECT pg_sleep(60)", statement -> {}, Result::getRowsUpdated)
                .onErrorComplete()
                .subscribe();
        await().atMost(LIMIT)
                .until(() -> server.backends(name).stream().anyMatch(backend -> "PgSleep".equals(backend.waitEvent())));

        connection.invalidate().block(LIMIT);

        server.awaitNoBackends(name);
    }

    @Test
    void aBackendTerminatedAtWorkFailsItsStatementWithTheServersReason() {
        PhysicalConnection connection =
                connector(server.url(ConnectorIT.class), LIMIT).connect().block(LIMIT);

        StepVerifier.create(connection.converse("SELECT pg_sleep(60)", statement -> {}, Result::getRowsUpdated))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(name).stream()
                                .anyMatch(backend -> "PgSleep".equals(backend.waitEvent()))))
                .then(() -> server.query(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                        row -> row.getBoolean(1),
                        name))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(
                                R2dbcException.class,
                                lost -> assertThat(lost.getSqlState()).isEqualTo("57P01")))
                .verify(LIMIT);
        await().atMost(LIMIT).until(() -> !connection.isOpen());
    }

    @Test
    void settlesAsSoonAsTheAnswerHasBeenRead() {
        PhysicalConnection connection =
                connector(server.url(ConnectorIT.class), LIMIT).connect().block(LIMIT);
        connection
                .converse("SELECT pg_sleep(0.2)", statement -> {}, Result::getRowsUpdated)
                .subscribe()
                .dispose();
        assertThat(connection.isQuiet()).isFalse();

        StepVerifier.create(connection.settle(LIMIT)).expectComplete().verify(LIMIT.dividedBy(2));

        assertThat(connection.isIdle()).isTrue();
        connection.close().block(LIMIT);
    }

    @Test
    void aCancelledAnswerOfManyRowsLeavesTheConnectionUsable() {
        PhysicalConnection connection =
                connector(server.url(ConnectorIT.class), LIMIT).connect().block(LIMIT);

        for (int i = 0; i < 20; i++) {
            connection
                    .converse("SELECT generate_series(1, 5000)", statement -> {}, result -> result.map(row -> 1))
                    .subscribe()
                    .dispose();
        }
        run(connection, "SELECT 1");

        assertThat(connection.isIdle()).isTrue();
        connection.close().block(LIMIT);
    }

    @Test
    void aServerThatAcceptsAndSaysNothingEndsAtTheLimit() {
        try (FakeServer silent = FakeServer.silent()) {
            StepVerifier.create(connector(url(silent.port(), "disable"), SHORT).connect())
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(ConnectTimeoutException.class)
                            .hasMessageMatching("(?s).* within \\d+ ms: .*")
                            .hasMessageContaining("did not finish the login")
                            .hasMessageNotContaining(CANARY))
                    .verify(LIMIT);
            await().atMost(LIMIT).until(() -> silent.accepted() == 1 && silent.open() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"require", "prefer"})
    void aServerThatNeverAnswersTheTlsRequestEndsAtTheLimit(String sslMode) {
        try (FakeServer silent = FakeServer.silent()) {
            StepVerifier.create(connector(url(silent.port(), sslMode), SHORT).connect())
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(ConnectTimeoutException.class)
                            .hasMessageContaining("TLS negotiation"))
                    .verify(LIMIT);
            await().atMost(LIMIT).until(() -> silent.open() == 0);
        }
    }

    @Test
    void requiredTlsThatTheServerLacksIsATlsFailure() {
        try (FakeServer withoutTls = FakeServer.answering((byte) 'N')) {
            expect(
                    connector(url(withoutTls.port(), "require"), LIMIT),
                    failure -> assertThat(failure)
                            .isInstanceOf(TlsFailedException.class)
                            .hasMessageContaining("sslmode=require"));
            await().atMost(LIMIT).until(() -> withoutTls.open() == 0);
        }
    }

    @Test
    void cancellingClosesTheSocket() {
        try (FakeServer silent = FakeServer.silent()) {
            StepVerifier.create(connector(url(silent.port(), "disable"), LIMIT).connect())
                    .expectSubscription()
                    .then(() -> await().atMost(LIMIT).until(() -> silent.open() == 1))
                    .thenCancel()
                    .verify(LIMIT);
            await().atMost(LIMIT).until(() -> silent.open() == 0);
        }
    }

    @Test
    void aClosedPortIsRefused() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        expect(
                connector(url(port, "disable"), LIMIT),
                failure -> assertThat(failure)
                        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.type(ConnectFailedException.class))
                        .satisfies(refused -> assertThat(refused.reason()).isEqualTo(Reason.REFUSED))
                        .satisfies(refused -> assertThat(refused).hasMessageContaining("127.0.0.1:" + port)));
    }

    @Test
    void anUnknownHostIsToldApart() {
        String url = "postgresql://app:%s@no-such-host.invalid/db?sslmode=disable".formatted(CANARY);
        expect(
                connector(url, LIMIT),
                failure -> assertThat(failure)
                        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.type(ConnectFailedException.class))
                        .satisfies(unknown -> assertThat(unknown.reason()).isEqualTo(Reason.UNKNOWN_HOST)));
    }

    @Test
    void aWrongPasswordIsAnAuthenticationFailureThatDoesNotRepeatIt() {
        String url = "postgresql://%s:%s@%s:%d/%s?application_name=%s"
                .formatted(server.user(), CANARY, server.host(), server.port(), server.database(), name);
        expect(
                connector(url, LIMIT),
                failure -> assertThat(failure)
                        .isInstanceOf(AuthenticationFailedException.class)
                        .hasMessageContaining("refused the login"));
    }

    @Test
    void anUnknownDatabaseIsAnAuthenticationFailure() {
        String url = "postgresql://%s:%s@%s:%d/no_such_database?application_name=%s"
                .formatted(server.user(), server.password(), server.host(), server.port(), name);
        expect(
                connector(url, LIMIT),
                failure -> assertThat(failure)
                        .isInstanceOf(AuthenticationFailedException.class)
                        .hasMessageContaining("no_such_database"));
    }

    private static void expect(Connector connector, Consumer<Throwable> check) {
        StepVerifier.create(connector.connect())
                .expectErrorSatisfies(failure -> {
                    check.accept(failure);
                    for (Throwable at = failure; at != null; at = at.getCause()) {
                        assertThat(at.toString()).doesNotContain(CANARY);
                    }
                })
                .verify(LIMIT);
    }

    private static void run(PhysicalConnection connection, String sql) {
        Mono<Void> run = connection
                .converse(sql, statement -> {}, Result::getRowsUpdated)
                .then();
        StepVerifier.create(run).expectComplete().verify(LIMIT);
    }

    private static String url(int port, String sslMode) {
        return "postgresql://app:%s@127.0.0.1:%d/db?sslmode=%s".formatted(CANARY, port, sslMode);
    }

    private static Connector connector(String url, Duration limit) {
        return new Connector(ConnectionString.parse(url), limit, TcpResources.get(), new ConnectListener() {});
    }
}
