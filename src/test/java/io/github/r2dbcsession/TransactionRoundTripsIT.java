package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The table of the explanation: what a transaction costs, counted on the wire. */
@DatabaseTest
class TransactionRoundTripsIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final TransactionOptions PLAIN = TransactionOptions.defaults();
    private static final TransactionOptions NESTED = PLAIN.propagation(Propagation.NESTED);

    private final TestDatabase server = TestDatabase.get();
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final Database db = Database.builder(wire.url(TransactionRoundTripsIT.class))
            .pool(PoolSettings.builder().maxSize(1).build())
            .build();

    @BeforeEach
    void connected() {
        db.sql("SELECT 40").rowsUpdated().block(LIMIT);
        wire.roundTrips();
    }

    @AfterEach
    void close() {
        db.close().block(LIMIT);
        wire.close();
    }

    @Test
    void aBlockThatRunsNoStatementCostsNothing() {
        assertThat(sent(PLAIN, tx -> Mono.just(1))).isEmpty();
        assertThat(sent(PLAIN.resolvable(), tx -> Mono.error(new IllegalStateException())))
                .isEmpty();
        assertThat(sent(PLAIN, tx -> Mono.fromRunnable(tx::markRollbackOnly))).isEmpty();
    }

    @Test
    void theBeginSharesTheRoundTripOfAFirstStatementWithParameters() {
        assertThat(sent(PLAIN, tx -> add(tx, 41))).containsExactly("BEGIN + SELECT $1 + 41", "COMMIT");
        assertThat(sent(PLAIN, tx -> add(tx, 41).then(add(tx, 42))))
                .as("the first one prepared before")
                .containsExactly("BEGIN + SELECT $1 + 41", "SELECT $1 + 42", "COMMIT");
        assertThat(sent(PLAIN, tx -> add(tx, 43).then(Mono.error(new IllegalStateException()))))
                .containsExactly("BEGIN + SELECT $1 + 43", "ROLLBACK");
        assertThat(sent(
                        PLAIN,
                        tx -> Flux.range(44, 3)
                                .flatMap(number -> add(tx, number))
                                .then()))
                .hasSize(4)
                .filteredOn(sql -> sql.startsWith("BEGIN"))
                .hasSize(1);
    }

    @Test
    void aStreamReadInPortionsTakesTheBeginAlong() {
        assertThat(sent(
                        PLAIN,
                        tx -> tx.sql("SELECT generate_series(1, $1)")
                                .bind(1, 10)
                                .fetchSize(4)
                                .as(Integer.class)
                                .all()
                                .collectList()))
                .startsWith("BEGIN + SELECT generate_series(1, $1)")
                .endsWith("COMMIT");
    }

    @Test
    void aFirstStatementThatCannotBeSentLeavesTheBeginToTheNext() {
        assertThat(sent(
                        PLAIN,
                        tx -> tx.sql("SELECT $1 + 50")
                                .bind(2, 1)
                                .rowsUpdated()
                                .onErrorComplete()
                                .then(add(tx, 51))))
                .containsExactly("BEGIN + SELECT $1 + 51", "COMMIT");
        assertThat(sent(
                        PLAIN,
                        tx -> tx.sql("SELECT $1 + 50").bind(2, 1).rowsUpdated().onErrorComplete()))
                .isEmpty();
    }

    @Test
    void aFirstStatementWithoutParametersComesBehindTheBegin() {
        assertThat(sent(PLAIN, tx -> select(tx, 41))).containsExactly("BEGIN", "SELECT 41", "COMMIT");
        assertThat(sent(PLAIN, tx -> select(tx, 42).then(Mono.error(new IllegalStateException()))))
                .containsExactly("BEGIN", "SELECT 42", "ROLLBACK");
        assertThat(sent(PLAIN, tx -> select(tx, 43).then(select(tx, 44)))).hasSize(4);
    }

    @Test
    void allOptionsTravelWithTheBegin() {
        TransactionOptions all = TransactionOptions.serializable()
                .readOnly()
                .deferrable()
                .statementTimeout(Duration.ofSeconds(3))
                .lockTimeout(Duration.ofSeconds(2))
                .deadline(Duration.ofSeconds(9))
                .retry(3);

        assertThat(sent(all, tx -> select(tx, 41)))
                .containsExactly(
                        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE"
                                + " + SET LOCAL statement_timeout = 3000 + SET LOCAL lock_timeout = 2000",
                        "SELECT 41",
                        "COMMIT");
        assertThat(sent(all, tx -> add(tx, 41))).hasSize(2);
    }

    @Test
    void aResolvableCommitCostsOneMore() {
        assertThat(sent(PLAIN.resolvable(), tx -> select(tx, 41)))
                .hasSize(4)
                .endsWith("COMMIT")
                .anyMatch(sql -> sql.contains("pg_current_xact_id_if_assigned"));
    }

    @Test
    void aSavepointCostsOneAtEitherEnd() {
        assertThat(sent(PLAIN, tx -> db.inTransaction(NESTED, nested -> select(nested, 41))))
                .containsExactly(
                        "BEGIN", "SAVEPOINT \"nested_1\"", "SELECT 41", "RELEASE SAVEPOINT \"nested_1\"", "COMMIT");
        assertThat(sent(
                        PLAIN,
                        tx -> db.inTransaction(
                                        NESTED,
                                        nested -> select(nested, 42).then(Mono.error(new IllegalStateException())))
                                .onErrorComplete()))
                .containsExactly(
                        "BEGIN",
                        "SAVEPOINT \"nested_1\"",
                        "SELECT 42",
                        "ROLLBACK TO SAVEPOINT \"nested_1\"; RELEASE SAVEPOINT \"nested_1\"",
                        "COMMIT");
    }

    @Test
    void joiningCostsNothing() {
        assertThat(sent(PLAIN, tx -> db.inTransaction(joined -> select(db, 41))))
                .containsExactly("BEGIN", "SELECT 41", "COMMIT");
    }

    @Test
    void aSettingAndALockCostOneEach() {
        assertThat(sent(
                        PLAIN,
                        tx -> tx.setLocal("app.tenant", "7").then(tx.lock(1)).then(tx.tryLock(1))))
                .as("the first of them with the BEGIN")
                .hasSize(4);
    }

    private List<String> sent(TransactionOptions options, Function<Transaction, Mono<?>> work) {
        db.inTransaction(options, tx -> work.apply(tx).then()).onErrorComplete().block(LIMIT);
        return ofTransactions(wire.roundTrips());
    }

    /** What the pool sends on its own, ahead of a lease and after it, is none of the transaction's. */
    private static List<String> ofTransactions(List<String> sent) {
        return sent.stream()
                .filter(sql -> !sql.equals("SELECT 1") && !sql.startsWith("RESET ") && !sql.contains("pg_proc"))
                .toList();
    }

    private static Mono<Long> add(SqlClient client, int number) {
        return client.sql("SELECT $1 + " + number).bind(1, 1).rowsUpdated();
    }

    private static Mono<Long> select(SqlClient client, int number) {
        return client.sql("SELECT " + number).rowsUpdated();
    }
}
