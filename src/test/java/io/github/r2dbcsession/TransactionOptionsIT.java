package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Transactions with options, watched on the wire. */
@DatabaseTest
class TransactionOptionsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration SOON = Duration.ofMillis(300);
    private static final String INSERT = "INSERT INTO note VALUES ($1)";

    private final IllegalArgumentException workFailed = new IllegalArgumentException("work failed");
    private final TestDatabase server = TestDatabase.get();
    private final String application = TestDatabase.applicationName(TransactionOptionsIT.class);
    private final String note = TestDatabase.schema(TransactionOptionsIT.class) + ".note";
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(wire.url(TransactionOptionsIT.class))
            .name("shop")
            .pool(PoolSettings.builder()
                    .maxSize(2)
                    .resetPolicy(ResetPolicy.TRUSTING)
                    .build())
            .build();

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY)");
        db.inSession(session -> session.sql("SELECT 1").as(Integer.class).one()).block(LIMIT);
        wire.statements();
        db.listen(new DatabaseListener() {
            @Override
            public void onTransaction(TransactionEnd end) {
                outcomes.add(end.outcome());
            }
        });
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
        wire.close();
        server.awaitNoBackends(application);
    }

    @Test
    void aBlockThatRunsNoStatementSendsNothing() {
        StepVerifier.create(db.inTransaction(tx -> Mono.just("done")))
                .expectNext("done")
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(tx -> Mono.error(workFailed)))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        StepVerifier.create(db.inTransactionMany(tx -> Flux.range(0, 9)).take(1))
                .expectNext(0)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(Mono.usingWhen(
                        db.beginTransaction(),
                        tx -> Mono.just(1),
                        Transaction::commit,
                        (tx, e) -> tx.rollback(),
                        Transaction::rollback))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);

        assertThat(wire.statements()).isEmpty();
        assertThat(outcomes)
                .containsExactly(
                        TransactionOutcome.COMMITTED,
                        TransactionOutcome.ROLLED_BACK,
                        TransactionOutcome.ROLLED_BACK,
                        TransactionOutcome.COMMITTED);
    }

    @Test
    void beginAndCommitAreOneRoundTripEach() {
        TransactionOptions options = TransactionOptions.repeatableRead().lockTimeout(Duration.ofSeconds(1));

        db.inTransaction(options, tx -> write(tx, "a")).block(LIMIT);
        assertThat(wire.roundTrips())
                .filteredOn(sql -> !sql.equals("SELECT 1"))
                .containsExactly(
                        "BEGIN ISOLATION LEVEL REPEATABLE READ + SET LOCAL lock_timeout = 1000 + " + INSERT, "COMMIT");

        db.inTransaction(options, tx -> write(tx, "b").then(Mono.error(workFailed)))
                .onErrorComplete()
                .block(LIMIT);
        assertThat(wire.roundTrips())
                .filteredOn(sql -> !sql.equals("SELECT 1"))
                .hasSize(2)
                .endsWith("ROLLBACK");
        assertThat(notes()).containsExactly("a");
    }

    @Test
    void branchesThatStartTogetherSendOneBeginAheadOfAll() {
        db.inTransaction(
                        tx -> Flux.range(0, 20).flatMap(i -> write(tx, "n" + i)).count())
                .block(LIMIT);

        assertThat(wire.statements().get(0)).isEqualTo("BEGIN");
        assertThat(wire.statements()).filteredOn("BEGIN"::equals).hasSizeLessThanOrEqualTo(1);
        assertThat(notes()).hasSize(20);
    }

    @ParameterizedTest
    @MethodSource("levels")
    void theServerRunsAtTheLevelAskedFor(String level, TransactionOptions options) {
        assertThat(db.inTransaction(options, tx -> setting(tx, "transaction_isolation"))
                        .block(LIMIT))
                .isEqualTo(level);
        assertThat(setting(db, "transaction_isolation").block(LIMIT)).isEqualTo("read committed");
    }

    static Stream<Object[]> levels() {
        return Stream.of(
                new Object[] {"read uncommitted", TransactionOptions.readUncommitted()},
                new Object[] {"read committed", TransactionOptions.readCommitted()},
                new Object[] {"repeatable read", TransactionOptions.repeatableRead()},
                new Object[] {"serializable", TransactionOptions.serializable()});
    }

    @Test
    void readOnlyAndDeferrableReachTheServer() {
        TransactionOptions options =
                TransactionOptions.serializable().readOnly().deferrable();

        assertThat(db.inTransaction(options, tx -> setting(tx, "transaction_deferrable"))
                        .block(LIMIT))
                .isEqualTo("on");
        StepVerifier.create(db.inTransaction(options, tx -> write(tx, "a")))
                .expectErrorSatisfies(failure -> assertThat(sqlState(failure)).isEqualTo("25006"))
                .verify(LIMIT);
    }

    @Test
    void timeoutsActAndEndWithTheTransaction() {
        TransactionOptions options = TransactionOptions.defaults().statementTimeout(SOON);

        StepVerifier.create(db.inTransaction(options, TransactionOptionsIT::sleep))
                .expectErrorSatisfies(failure -> assertThat(sqlState(failure)).isEqualTo("57014"))
                .verify(LIMIT);
        assertThat(setting(db, "statement_timeout").block(LIMIT)).isEqualTo("0");
    }

    @Test
    void aLockThatIsHeldTooLongIsAnError() {
        TransactionOptions options = TransactionOptions.defaults().lockTimeout(SOON);
        Mono<Long> both = db.inTransaction(holder -> holder.sql("LOCK TABLE note")
                .rowsUpdated()
                .then(db.inTransaction(options, tx -> write(tx, "a"))
                        .contextWrite(outer -> reactor.util.context.Context.empty())));

        StepVerifier.create(both)
                .expectErrorSatisfies(failure -> assertThat(sqlState(failure)).isEqualTo("55P03"))
                .verify(LIMIT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIM",
                "SELECT 1/0",
                "BEGIN; SET lock_timeout = 4321",
                "SAVEPOINT outside",
                "LISTEN \"x",
                "SET LOCAL lock_timeoux = 1000",
                "SET LOCAL lock_timeout = 'x'",
                "SELECT pg_terminate_backend(pg_backend_pid())"
            })
    void aBeginThatFailsLetsNothingActAlone(String broken) {
        String command = broken.startsWith("SET LOCAL") ? "SET LOCAL" : "BEGIN";
        wire.rewrite(sql -> sql.startsWith(command) ? broken : sql);
        TransactionOptions options = TransactionOptions.defaults().lockTimeout(Duration.ofSeconds(1));

        StepVerifier.create(db.inTransaction(
                        options,
                        tx -> write(tx, "a")
                                .onErrorReturn(0L)
                                .then(Flux.range(0, 5)
                                        .flatMapDelayError(i -> write(tx, "n" + i), 5, 1)
                                        .then()
                                        .onErrorComplete())))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionRolledBackException.class)
                        .hasCauseInstanceOf(R2dbcException.class))
                .verify(LIMIT);

        assertThat(wire.statements()).filteredOn(INSERT::equals).as("sent").hasSize(1);
        assertThat(notes()).isEmpty();
        wire.rewrite(sql -> sql);
        assertThat(setting(db, "lock_timeout").block(LIMIT)).isEqualTo("0");
    }

    @Test
    void theDeadlineStopsTheBlockAndTheServer() {
        TransactionOptions options =
                TransactionOptions.defaults().name("transfer").deadline(SOON);

        StepVerifier.create(db.inTransaction(options, tx -> write(tx, "a").then(sleepUnlimited(tx))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionTimeoutException.class)
                        .hasMessageContaining("transaction transfer on shop")
                        .hasMessageContaining("300 ms"))
                .verify(LIMIT);
        await().atMost(LIMIT)
                .until(() ->
                        server.backends(application).stream().noneMatch(backend -> "active".equals(backend.state())));
        StepVerifier.create(db.inTransactionMany(options, tx -> write(tx, "b").thenMany(Flux.never())))
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);

        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK, TransactionOutcome.ROLLED_BACK);
        assertThat(notes()).isEmpty();
    }

    @Test
    void theDeadlineCoversTheWaitForAConnection() {
        TransactionOptions options = TransactionOptions.defaults().deadline(SOON);
        List<Session> all =
                Flux.range(0, 2).flatMap(i -> db.openSession()).collectList().block(LIMIT);

        StepVerifier.create(db.inTransaction(options, tx -> write(tx, "a")))
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);
        StepVerifier.create(db.beginTransaction(options))
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);
        Flux.fromIterable(all).concatMap(Session::close).blockLast(LIMIT);
    }

    @Test
    void theDeadlineEndsAHandleToo() {
        Transaction tx = db.beginTransaction(TransactionOptions.defaults().deadline(SOON))
                .block(LIMIT);
        write(tx, "a").block(LIMIT);

        StepVerifier.create(sleepUnlimited(tx))
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);
        StepVerifier.create(write(tx, "b"))
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);
        StepVerifier.create(tx.commit())
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);
        StepVerifier.create(tx.rollback()).expectComplete().verify(LIMIT);
        assertThat(notes()).isEmpty();
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void aCommitUnderWayAtTheDeadlineIsUnknown() {
        server.execute("CREATE OR REPLACE FUNCTION " + note + "_slow() RETURNS trigger LANGUAGE plpgsql AS "
                + "$$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$");
        server.execute("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON " + note
                + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + note + "_slow()");
        TransactionOptions options =
                TransactionOptions.defaults().deadline(SOON).statementTimeout(LIMIT);

        StepVerifier.create(db.inTransaction(options, tx -> write(tx, "a")))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(CommitUnknownException.class)
                        .hasCauseInstanceOf(TimeoutException.class)
                        .cause()
                        .hasMessage("the deadline of " + SOON.toMillis() + " ms has passed"))
                .verify(LIMIT);
        assertThat(outcomes).containsExactly(TransactionOutcome.UNKNOWN);
    }

    @Test
    void anErrorThatTheRulesAllowCommits() {
        TransactionOptions options =
                TransactionOptions.defaults().noRollbackOn(IllegalArgumentException.class::isInstance);
        Supplier<Mono<Long>> failing =
                () -> db.inTransaction(options, tx -> write(tx, "a").then(Mono.error(workFailed)));

        StepVerifier.create(failing.get())
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");

        StepVerifier.create(db.inTransactionMany(options, tx -> write(tx, "b").thenMany(Flux.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a", "b");
        StepVerifier.create(
                        db.inTransaction(options, tx -> write(tx, "c").then(Mono.error(new IllegalStateException()))))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a", "b");
    }

    @Test
    void aRuleCannotSaveWhatTheServerHasGivenUp() {
        TransactionOptions options = TransactionOptions.defaults().rollbackOn(failure -> false);

        StepVerifier.create(db.inTransaction(options, tx -> write(tx, "a").then(write(tx, "a"))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionRolledBackException.class)
                        .satisfies(
                                e -> assertThat(sqlState(e.getSuppressed()[0])).isEqualTo("23505")))
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void aMarkedTransactionDoesNotCommit() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").doOnNext(rows -> tx.markRollbackOnly())))
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
        assertThat(wire.statements()).endsWith("ROLLBACK");
    }

    @Test
    void theDatabasesOwnOptionsHoldWhereNoneAreGiven() {
        Database strict = Database.builder(server.url(TransactionOptionsIT.class))
                .transactions(TransactionOptions.repeatableRead())
                .build();

        assertThat(strict.inTransaction(tx -> setting(tx, "transaction_isolation"))
                        .block(LIMIT))
                .isEqualTo("repeatable read");
        assertThat(strict.inTransaction(TransactionOptions.serializable(), tx -> setting(tx, "transaction_isolation"))
                        .block(LIMIT))
                .isEqualTo("serializable");
        strict.close().block(LIMIT);
    }

    @Test
    void whatCannotBeHadByJoiningIsRefused() {
        refused(TransactionOptions.readCommitted(), TransactionOptions.serializable());
        refused(TransactionOptions.defaults(), TransactionOptions.repeatableRead());
        refused(TransactionOptions.defaults().readOnly(), TransactionOptions.defaults());
        refused(TransactionOptions.defaults(), TransactionOptions.defaults().lockTimeout(SOON));
        refused(
                TransactionOptions.serializable(),
                TransactionOptions.serializable().readOnly().deferrable());
        refused(TransactionOptions.defaults(), TransactionOptions.defaults().resolvable());

        joined(TransactionOptions.serializable(), TransactionOptions.repeatableRead());
        joined(TransactionOptions.defaults(), TransactionOptions.readCommitted());
        joined(TransactionOptions.defaults(), TransactionOptions.defaults().readOnly());
        joined(
                TransactionOptions.defaults().resolvable(),
                TransactionOptions.defaults().resolvable());
    }

    @Test
    void joinedWorkHasADeadlineOfItsOwn() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a")
                        .then(db.inTransaction(TransactionOptions.defaults().deadline(SOON), inner -> Mono.never())
                                .onErrorResume(TransactionTimeoutException.class, failure -> Mono.empty()))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionRolledBackException.class)
                        .hasCauseInstanceOf(TransactionTimeoutException.class))
                .verify(LIMIT);
    }

    private void refused(TransactionOptions outer, TransactionOptions inner) {
        StepVerifier.create(db.inTransaction(outer, tx -> db.inTransaction(inner, joined -> Mono.just(1))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(PropagationException.class)
                        .hasMessageContaining("cannot join the open transaction on shop"))
                .verify(LIMIT);
    }

    private void joined(TransactionOptions outer, TransactionOptions inner) {
        StepVerifier.create(db.inTransaction(outer, tx -> db.inTransaction(inner, joined -> Mono.just(1))))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
    }

    private static String sqlState(Throwable failure) {
        return failure instanceof R2dbcException r2dbc ? r2dbc.getSqlState() : "none: " + failure;
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private static Mono<String> setting(SqlClient client, String name) {
        return client.sql("SELECT current_setting(:name)")
                .bind("name", name)
                .as(String.class)
                .one();
    }

    private static Mono<Long> sleep(SqlClient client) {
        return client.sql("SELECT pg_sleep(20)").rowsUpdated();
    }

    /** Sleeps with no help from the server's own limit. */
    private static Mono<Long> sleepUnlimited(SqlClient client) {
        return client.sql("SET LOCAL statement_timeout = 0").rowsUpdated().then(sleep(client));
    }

    private static Mono<Long> write(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES ($1)").bind(1, text).rowsUpdated();
    }
}
