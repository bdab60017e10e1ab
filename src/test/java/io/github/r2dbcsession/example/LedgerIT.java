package io.github.r2dbcsession.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

@DatabaseTest
class LedgerIT {

    private final TestDatabase database = TestDatabase.get();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @AfterAll
    static void drop() {
        TestDatabase.get().execute("DROP SCHEMA IF EXISTS " + Schema.NAME + " CASCADE");
    }

    @Test
    void takesTheTourAndLeavesNothingBehindButTheTables() {
        int exit = run(database.url(LedgerIT.class), "--seconds=2", "--port=0");

        assertThat(errors()).isEmpty();
        assertThat(exit).isZero();
        assertThat(out.toString(UTF_8))
                .contains("10/10 sessions", "HEALTHY", "Money: 4000.00 before, 4000.00 after", "left in use: 0")
                .contains(":***@")
                .doesNotContain(database.password());
        database.awaitNoBackends(TestDatabase.applicationName(LedgerIT.class));
    }

    @Test
    void runsAgainOnTheTablesThatAreThere() {
        assertThat(run(database.url(LedgerIT.class), "--seconds=1", "--port=0")).isZero();
        assertThat(run(database.url(LedgerIT.class), "--seconds=1", "--port=0")).isZero();
    }

    @Test
    void anUnknownSslModeIsALineAndExitCodeTwo() {
        assertThat(run("postgresql://ledger:hidden@127.0.0.1/x?sslmode=always")).isEqualTo(2);
        assertThat(errors())
                .isEqualTo("ledger: DATABASE_URL: sslmode: must be one of"
                        + " disable, allow, prefer, require, verify-ca, verify-full\n");
    }

    @Test
    void aWrongPasswordIsALineWithoutIt() {
        String wrong = database.url().replace(":" + database.password() + "@", ":hidden@");

        assertThat(run(wrong, "--port=0")).isEqualTo(1);
        assertThat(errors()).startsWith("ledger: ").contains("password").hasLineCount(1);
        assertSilent();
    }

    @Test
    void aClosedPortIsALine() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }

        assertThat(run("postgresql://ledger:hidden@127.0.0.1:" + closed + "/x", "--port=0"))
                .isEqualTo(1);
        assertThat(errors())
                .startsWith("ledger: ")
                .contains("127.0.0.1:" + closed)
                .hasLineCount(1);
        assertSilent();
    }

    @Test
    void aBusyPortIsALine() throws IOException {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = busy.getLocalPort();

            assertThat(run(database.url(LedgerIT.class), "--port=" + port)).isEqualTo(1);
            assertThat(errors())
                    .isEqualTo("ledger: port " + port
                            + " is taken: choose another with --port=N, or --port=0 for any free one\n");
        }
    }

    @Test
    void wrongArgumentsAreALineAndExitCodeTwo() {
        assertThat(run("", "--seconds=0")).isEqualTo(2);
        assertThat(run("", "--port=65536")).isEqualTo(2);
        assertThat(run("", "--fast")).isEqualTo(2);
        assertThat(errors()).isEqualTo("""
                        ledger: --seconds must be from 1 to 3600, was 0 (--help lists the options)
                        ledger: --port must be from 0 to 65535, was 65536 (--help lists the options)
                        ledger: Unknown option: '--fast' (--help lists the options)
                        """);
    }

    @Test
    void helpListsTheOptions() {
        assertThat(run("", "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("--port=N", "--seconds=N", "DATABASE_URL");
    }

    @Test
    void aPasswordThatIsNotPlainToSeeIsNotShown() {
        run("postgresql://ledger:hid%20den@127.0.0.1:1/x", "--port=0");

        assertThat(out.toString(UTF_8))
                .contains("not shown")
                .doesNotContain("hid%20den")
                .doesNotContain("hid den");
    }

    private int run(String databaseUrl, String... arguments) {
        return new Ledger(
                        Map.of("DATABASE_URL", databaseUrl),
                        new PrintStream(out, true, UTF_8),
                        new PrintStream(err, true, UTF_8))
                .run(arguments);
    }

    private String errors() {
        return err.toString(UTF_8);
    }

    private void assertSilent() {
        assertThat(out.toString(UTF_8) + errors()).doesNotContain("hidden").doesNotContain("\tat ");
    }
}
