package io.github.r2dbcsession.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@DatabaseTest
class TransfersIT {

    private static final int TRANSFERS = 400;
    private static final int AT_ONCE = 20;

    private TestLedger ledger;
    private Transfers transfers;
    private List<Long> accounts;

    @BeforeEach
    void start() {
        ledger = new TestLedger(TransfersIT.class);
        Statements statements = new Statements(ledger.database());
        transfers = new Transfers(ledger.database(), new Accounts(ledger.database(), statements), statements);
        accounts = List.of(ledger.open("A", "50"), ledger.open("B", "50"), ledger.open("C", "50"));
    }

    @AfterEach
    void stop() {
        Hooks.resetOnErrorDropped();
        ledger.close();
    }

    @Test
    void transfersThatCrossKeepTheSumAndDoNotDeadlock() {
        Random random = new Random(1);

        StepVerifier.create(Flux.range(0, TRANSFERS)
                        .map(number -> order(random))
                        .flatMap(
                                order -> transfers.make(order).hasElement().onErrorReturn(Refusal.class, false),
                                AT_ONCE)
                        .collectList())
                .assertNext(moved -> assertThat(moved).hasSize(TRANSFERS).contains(true, false))
                .expectComplete()
                .verify(Duration.ofSeconds(30));

        assertBooksAreRight();
    }

    @Test
    void transfersThatAreCancelledHappenWhollyOrNotAtAll() {
        Random random = new Random(2);
        Queue<Throwable> dropped = new ConcurrentLinkedQueue<>();
        Hooks.onErrorDropped(dropped::add);

        StepVerifier.create(Flux.range(0, TRANSFERS)
                        .map(number -> order(random))
                        .flatMap(
                                order -> transfers
                                        .make(order)
                                        .hasElement()
                                        .onErrorReturn(Refusal.class, false)
                                        .timeout(Duration.ofNanos(random.nextInt(20_000_000)), Mono.just(false)),
                                AT_ONCE)
                        .then())
                .expectComplete()
                .verify(Duration.ofSeconds(30));

        await("every connection is back")
                .atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(ledger.inUse()).isZero());
        assertThat(dropped).as("errors that reached nobody").isEmpty();
        assertBooksAreRight();
    }

    private TransferOrder order(Random random) {
        int from = random.nextInt(accounts.size());
        int to = (from + 1 + random.nextInt(accounts.size() - 1)) % accounts.size();
        return new TransferOrder(accounts.get(from), accounts.get(to), new BigDecimal(1 + random.nextInt(60)));
    }

    /** No money was made or lost, each balance is the sum of its lines, and each transfer has two lines. */
    private void assertBooksAreRight() {
        TestDatabase witness = TestDatabase.get();
        assertThat(witness.query("SELECT sum(balance) FROM ledger_example.account", row -> row.getBigDecimal(1)))
                .containsExactly(new BigDecimal("150.00"));
        assertThat(witness.query("""
                        SELECT id FROM ledger_example.account a WHERE balance <>
                        (SELECT sum(amount) FROM ledger_example.entry e WHERE e.account = a.id)""", row -> row.getLong(1))).isEmpty();
        assertThat(witness.query("""
                        SELECT (SELECT count(*) FROM ledger_example.entry WHERE text LIKE 'transfer%')
                             - (SELECT 2 * count(*) FROM ledger_example.transfer)""", row -> row.getLong(1))).containsExactly(0L);
    }
}
