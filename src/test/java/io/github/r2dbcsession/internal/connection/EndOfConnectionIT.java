package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy;
import io.github.r2dbcsession.testing.ScriptedServer;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.Result;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

/** What a connection knows of its own end. */
@DatabaseTest
class EndOfConnectionIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final String url = server.url(EndOfConnectionIT.class);
    private final String name = TestDatabase.applicationName(EndOfConnectionIT.class);

    @AfterEach
    void nothingIsLeft() {
        server.awaitNoBackends(name);
    }

    @Test
    void aTerminatedIdleConnectionKnowsWhy() {
        PhysicalConnection connection = connect(url);

        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                row -> row.getBoolean(1),
                name);

        assertThat(connection.condemned().block(LIMIT)).isEqualTo(new Condemnation("57P01", true));
        assertThat(connection.isOpen()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "idle_session_timeout, SELECT 1, 57P05, 14",
        "idle_in_transaction_session_timeout, BEGIN, 25P03, 10",
        "transaction_timeout, BEGIN, 25P04, 17",
    })
    void aTimeoutOfTheServersEndsThisConnectionOnly(String setting, String last, String code, int since) {
        assumeTrue(version() >= since, () -> setting + " came with PostgreSQL " + since);
        PhysicalConnection connection = connect(url);

        run(connection, "SET " + setting + " = 50; " + last);

        assertThat(connection.condemned().block(LIMIT)).isEqualTo(new Condemnation(code, false));
        assertThat(connection.isIdle()).isFalse();
    }

    @Test
    void aConnectionThatBreaksWithoutAWordSpeaksAgainstTheServer() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            PhysicalConnection connection = connect(proxy.url(server, EndOfConnectionIT.class));

            proxy.hangUp();

            assertThat(connection.condemned().block(LIMIT)).isEqualTo(new Condemnation("08006", true));
        }
    }

    @Test
    void whatTheServerSaysLastCountsBeforeTheSocketEnds() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            PhysicalConnection connection = connect(proxy.url(server, EndOfConnectionIT.class));

            proxy.say(ScriptedServer.error("57P01", "terminating connection due to administrator command"));

            assertThat(connection.condemned().block(LIMIT)).isEqualTo(new Condemnation("57P01", true));
            assertThat(connection.isOpen()).isFalse();
            assertThat(proxy.open()).as("sockets").isEqualTo(1);
            connection.kill();
        }
    }

    @Test
    void theCrashOfAnotherBackendComesAsAWarning() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            PhysicalConnection connection = connect(proxy.url(server, EndOfConnectionIT.class));

            proxy.say(notice("WARNING", "57P02"));

            assertThat(connection.condemned().block(LIMIT)).isEqualTo(new Condemnation("57P02", true));
            assertThat(connection.isOpen()).isFalse();
            connection.kill();
        }
    }

    @Test
    void errorsAndNoticesOfStatementsCondemnNothing() {
        PhysicalConnection connection = connect(url);

        for (String raise : new String[] {
            "RAISE EXCEPTION 'x' USING ERRCODE = '57P01'",
            "RAISE EXCEPTION 'x' USING ERRCODE = '08006'",
            "RAISE EXCEPTION 'x' USING ERRCODE = 'XX000'",
            "RAISE WARNING 'x' USING ERRCODE = '01000'",
        }) {
            connection
                    .converse("DO $$ BEGIN " + raise + "; END $$", statement -> {}, Result::getRowsUpdated)
                    .onErrorComplete()
                    .blockLast(LIMIT);
        }

        assertThat(connection.isIdle()).isTrue();
        connection.close().block(LIMIT);
    }

    @Test
    void aConnectionClosedFromHereHoldsNothingAgainstTheServer() {
        PhysicalConnection closed = connect(url);
        closed.close().block(LIMIT);
        StepVerifier.create(closed.condemned()).expectComplete().verify(LIMIT);

        PhysicalConnection killed = connect(url);
        killed.kill();
        StepVerifier.create(killed.condemned()).expectComplete().verify(LIMIT);
    }

    @ParameterizedTest
    @CsvSource({"primary, true", "read-write, true", "any, false"})
    void aConnectionThatWasToWriteRetiresWhenItCannot(String role, boolean retires) {
        PhysicalConnection connection = connect(url + "&target_session_attrs=" + role);
        assertThat(connection.isRetired()).isFalse();

        run(connection, "SET default_transaction_read_only = on");
        StepVerifier.create(connection.converse("CREATE TABLE never (n int)", statement -> {}, Result::getRowsUpdated))
                .expectErrorMatches(failure -> failure.getMessage().contains("read-only"))
                .verify(LIMIT);

        assertThat(connection.isRetired()).isEqualTo(retires);
        assertThat(connection.isOpen()).isTrue();
        connection.close().block(LIMIT);
    }

    private int version() {
        return server.query("SHOW server_version_num", row -> row.getInt(1)).get(0) / 10_000;
    }

    private static byte[] notice(String severity, String code) {
        byte[] fields =
                "S%s\0V%s\0C%s\0Mx\0\0".formatted(severity, severity, code).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(5 + fields.length)
                .put((byte) 'N')
                .putInt(4 + fields.length)
                .put(fields)
                .array();
    }

    private static void run(PhysicalConnection connection, String sql) {
        connection.converse(sql, statement -> {}, Result::getRowsUpdated).blockLast(LIMIT);
        await().atMost(LIMIT).until(() -> connection.isQuiet() || !connection.isOpen());
    }

    private static PhysicalConnection connect(String url) {
        return new Connector(ConnectionString.parse(url), LIMIT, TcpResources.get(), new ConnectListener() {})
                .connect()
                .block(LIMIT);
    }
}
