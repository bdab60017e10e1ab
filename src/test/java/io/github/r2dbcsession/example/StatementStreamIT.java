package io.github.r2dbcsession.example;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

@DatabaseTest
class StatementStreamIT {

    /** Far more than the sockets on the way can hold. */
    private static final int LINES = 100_000;

    private static TestLedger ledger;
    private static long account;

    @BeforeAll
    static void start() {
        ledger = new TestLedger(StatementStreamIT.class);
        account = ledger.open("Ada", "0");
        TestDatabase.get().execute("""
                INSERT INTO ledger_example.entry (account, text, amount, balance)
                SELECT %d, repeat('x', 200), 0, 0 FROM generate_series(1, %d)""".formatted(account, LINES));
    }

    @AfterAll
    static void stop() {
        ledger.close();
    }

    @Test
    void aSlowClientSlowsTheDatabaseDownAndOneThatLeavesGivesTheConnectionBack() throws IOException {
        AtomicLong read = new AtomicLong();
        DisposableServer server = countingServer(read);
        try (Socket client = new Socket(server.host(), server.port())) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: test\r\n\r\n".getBytes(US_ASCII));
            assertThat(client.getInputStream().readNBytes(1000)).hasSize(1000);
            AtomicLong before = new AtomicLong(-1);
            await("no more lines are read from the database")
                    .atMost(Duration.ofSeconds(20))
                    .during(Duration.ofSeconds(1))
                    .until(() -> before.getAndSet(read.get()) == read.get());
            assertThat(read).hasValueLessThan(LINES / 2);
            assertThat(ledger.database().stats().acquired()).isEqualTo(1);
        } finally {
            server.disposeNow();
        }
        await("the connection comes back")
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(ledger.inUse()).isZero());
        assertThat(ledger.get("/accounts/" + account).status()).isEqualTo(200);
    }

    /** Serves the statement as the ledger does, and counts the lines as they come from the database. */
    private static DisposableServer countingServer(AtomicLong read) {
        Answers answers = new Answers(new Json());
        Flux<Entry> lines = new Statements(ledger.database()).of(account).doOnNext(line -> read.incrementAndGet());
        return HttpServer.create()
                .host("127.0.0.1")
                .handle((request, response) -> answers.lines(response, lines))
                .bindNow();
    }

    @Test
    void theWholeStatementArrives() {
        long lines =
                ledger.get("/accounts/" + account + "/statement").body().lines().count();

        assertThat(lines).isEqualTo(LINES + 1);
    }
}
