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
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    @BeforeEach
    void connected() {
        db.sql("SELECT 0").rowsUpdated().block(LIMIT);
        wire.statements();
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
    void aBlockCostsItsStatementsAndTwoMore() {
        assertThat(sent(PLAIN, tx -> select(tx, 1))).containsExactly("BEGIN", "SELECT 1", "COMMIT");
        assertThat(sent(PLAIN, tx -> select(tx, 2).then(Mono.error(new IllegalStateException()))))
                .containsExactly("BEGIN", "SELECT 2", "ROLLBACK");
        assertThat(sent(PLAIN, tx -> select(tx, 3).then(select(tx, 4)))).hasSize(4);
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

        assertThat(sent(all, tx -> select(tx, 1)))
                .containsExactly(
                        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;"
                                + " SET LOCAL statement_timeout = 3000; SET LOCAL lock_timeout = 2000",
                        "SELECT 1",
                        "COMMIT");
    }

    @Test
    void aResolvableCommitCostsOneMore() {
        assertThat(sent(PLAIN.resolvable(), tx -> select(tx, 1)))
                .hasSize(4)
                .endsWith("COMMIT")
                .anyMatch(sql -> sql.contains("pg_current_xact_id_if_assigned"));
    }

    @Test
    void aSavepointCostsOneAtEitherEnd() {
        assertThat(sent(PLAIN, tx -> db.inTransaction(NESTED, nested -> select(nested, 1))))
                .containsExactly(
                        "BEGIN", "SAVEPOINT \"nested_1\"", "SELECT 1", "RELEASE SAVEPOINT \"nested_1\"", "COMMIT");
        assertThat(sent(
                        PLAIN,
                        tx -> db.inTransaction(
                                        NESTED,
                                        nested -> select(nested, 2).then(Mono.error(new IllegalStateException())))
                                .onErrorComplete()))
                .containsExactly(
                        "BEGIN",
                        "SAVEPOINT \"nested_1\"",
                        "SELECT 2",
                        "ROLLBACK TO SAVEPOINT \"nested_1\"; RELEASE SAVEPOINT \"nested_1\"",
                        "COMMIT");
    }

    @Test
    void joiningCostsNothing() {
        assertThat(sent(PLAIN, tx -> db.inTransaction(joined -> select(db, 1))))
                .containsExactly("BEGIN", "SELECT 1", "COMMIT");
    }

    @Test
    void aSettingAndALockCostOneEach() {
        assertThat(sent(
                        PLAIN,
                        tx -> tx.setLocal("app.tenant", "7").then(tx.lock(1)).then(tx.tryLock(1))))
                .hasSize(5);
    }

    private List<String> sent(TransactionOptions options, Function<Transaction, Mono<?>> work) {
        db.inTransaction(options, tx -> work.apply(tx).then()).onErrorComplete().block(LIMIT);
        return wire.statements();
    }

    private static Mono<Long> select(SqlClient client, int number) {
        return client.sql("SELECT " + number).rowsUpdated();
    }
}
