package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What an error says of the work that it ended. */
@DatabaseTest
class OutcomesIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String DIE = "SELECT pg_terminate_backend(pg_backend_pid())";

    private final TestDatabase server = TestDatabase.get();
    private final String application = TestDatabase.applicationName(OutcomesIT.class);
    private final String note = TestDatabase.schema(OutcomesIT.class) + ".note";
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final List<Database> opened = new ArrayList<>();
    private final Database db = open(wire.url(OutcomesIT.class));

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        for (Database each : opened) {
            await().atMost(LIMIT)
                    .until(() -> each.stats().acquired() == 0 && each.stats().recovering() == 0);
            each.close().block(LIMIT);
        }
        wire.close();
        server.awaitNoBackends(application);
    }

    private Database open(String url) {
        Database database = Database.builder(url)
                .name("shop")
                .pool(PoolSettings.builder().maxSize(2).build())
                .build();
        opened.add(database);
        database.listen(new DatabaseListener() {
            @Override
            public void onTransaction(TransactionEnd end) {
                outcomes.add(end.outcome());
            }
        });
        return database;
    }

    @Test
    void aConnectionLostInATransactionHasCommittedNothing() {
        NotCommittedException lost = failure(
                NotCommittedException.class,
                db.inTransaction(tx -> write(tx, "a").then(tx.sql(DIE).rowsUpdated())));

        assertThat(lost).hasMessageContaining("transaction on shop").hasCauseInstanceOf(R2dbcException.class);
        assertThat(notes()).isEmpty();
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void aCommitAfterALossThatWasSwallowedSaysWhatWasLostFirst() {
        NotCommittedException lost = failure(
                NotCommittedException.class,
                db.inTransaction(tx -> write(tx, "a")
                        .then(tx.sql(DIE).rowsUpdated().onErrorReturn(0L))
                        .delayUntil(rows -> closed())));

        assertThat(lost).hasCauseInstanceOf(NotCommittedException.class).hasRootCauseInstanceOf(R2dbcException.class);
        assertThat(((R2dbcException) rootOf(lost)).getSqlState()).isEqualTo("57P01");
    }

    @Test
    void aBeginOnALostConnectionHasSentNothing() {
        Transaction tx = db.beginTransaction().block(LIMIT);
        wire.cut(Fault.RESET);
        closed().block(LIMIT);

        failure(NotSentException.class, write(tx, "a"));
        failure(TransactionRolledBackException.class, tx.commit());
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void aStatementOnALostConnectionHasSentNothing() {
        Session session = db.openSession().block(LIMIT);
        wire.cut(Fault.RESET);
        closed().block(LIMIT);

        assertThat(failure(NotSentException.class, write(session, "a"))).hasMessageContaining("session on shop");
        session.close().block(LIMIT);
    }

    @Test
    void aWriteOutsideATransactionThatIsNotAnsweredIsUnknown() {
        StatementUnknownException unknown = failure(
                StatementUnknownException.class,
                db.sql("INSERT INTO note SELECT pg_terminate_backend(pg_backend_pid())::text")
                        .rowsUpdated());

        assertThat(unknown.getSqlState()).isEqualTo("40003");
        assertThat(unknown).hasMessageContaining("database shop").isNotInstanceOf(R2dbcTransientException.class);
    }

    @Test
    void aReadThatIsNotAnsweredKeepsTheDriversError() {
        R2dbcException lost = failure(R2dbcException.class, db.sql(DIE).rowsUpdated());

        assertThat(lost).isInstanceOf(PostgresqlException.class).isNotInstanceOf(R2dbcTransientException.class);
    }

    @Test
    void aMapperThatFailsIsNoUnknownStatement() {
        failure(
                IllegalStateException.class,
                db.sql("INSERT INTO note VALUES ('a') RETURNING text")
                        .map(row -> {
                            throw new IllegalStateException("mapper");
                        })
                        .one());
        assertThat(notes()).containsExactly("a");
    }

    @Test
    void aServerThatTakesNoWritesHasTheWrongRole() {
        Database standby = open(server.url(OutcomesIT.class) + "%20-cdefault_transaction_read_only%3Don");

        assertThat(failure(WrongRoleException.class, write(standby, "a")).getSqlState())
                .isEqualTo("25006");
        failure(WrongRoleException.class, standby.inTransaction(tx -> write(tx, "a")));
        assertThat(failure(
                        R2dbcException.class,
                        standby.inTransaction(TransactionOptions.defaults().readOnly(), tx -> write(tx, "a"))))
                .as("what the caller asked for")
                .isInstanceOf(PostgresqlException.class);
    }

    @Test
    void whoStoppedAStatementIsTold() {
        TransactionOptions hurried = TransactionOptions.defaults().statementTimeout(Duration.ofMillis(100));
        assertThat(stopped(db.inTransaction(hurried, OutcomesIT::sleep)))
                .isEqualTo(StatementCancelledException.By.DEADLINE);

        Runnable stop = () -> stopWhere("PgSleep");
        assertThat(stoppedBy(stop, db.inTransaction(OutcomesIT::sleep)))
                .isEqualTo(StatementCancelledException.By.ADMINISTRATOR);
        assertThat(stoppedBy(stop, sleep(db))).isEqualTo(StatementCancelledException.By.ADMINISTRATOR);

        Transaction tx = db.beginTransaction().block(LIMIT);
        assertThat(stoppedBy(
                        () -> {
                            await().atMost(LIMIT)
                                    .until(() -> server.backends(application).stream()
                                            .anyMatch(backend -> "active".equals(backend.state())));
                            tx.rollback().block(LIMIT);
                        },
                        sleep(tx)))
                .isEqualTo(StatementCancelledException.By.CALLER);
    }

    private StatementCancelledException.By stopped(Mono<?> work) {
        return failure(StatementCancelledException.class, work).by();
    }

    private StatementCancelledException.By stoppedBy(Runnable stop, Mono<Long> sleep) {
        StatementCancelledException.By[] by = new StatementCancelledException.By[1];
        StepVerifier.create(sleep)
                .expectSubscription()
                .then(stop)
                .expectErrorSatisfies(failure -> by[0] = ((StatementCancelledException) failure).by())
                .verify(LIMIT);
        return by[0];
    }

    @Test
    void aCommitThatTheServerDiesInIsUnknown() {
        atCommit("PERFORM pg_terminate_backend(pg_backend_pid())");

        failure(CommitUnknownException.class, db.inTransaction(tx -> write(tx, "a")));
        assertThat(outcomes).containsExactly(TransactionOutcome.UNKNOWN);
    }

    @Test
    void whatTheServerCannotTellIsNeverTransient() {
        atCommit("RAISE EXCEPTION 'completion unknown' USING ERRCODE = '40003'");

        assertThat(failure(CommitUnknownException.class, db.inTransaction(tx -> write(tx, "a"))))
                .isNotInstanceOf(R2dbcTransientException.class);
        assertThat(failure(StatementUnknownException.class, write(db, "a")))
                .isNotInstanceOf(R2dbcTransientException.class);
    }

    @Test
    void aCommitThatTheServerStopsHasCommittedNothing() {
        atCommit("PERFORM pg_sleep(20)");

        StepVerifier.create(db.inTransaction(tx -> write(tx, "a")))
                .expectSubscription()
                .then(() -> stopWhere("PgSleep"))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementCancelledException.class)
                        .hasMessageContaining("at the COMMIT"))
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void aCommitThatNoStandbyConfirmsIsTold() {
        List<String> done = new CopyOnWriteArrayList<>();
        AtomicInteger key = new AtomicInteger();
        Mono<Long> written = db.inTransaction(tx -> {
            tx.afterCommit(Mono.fromRunnable(() -> done.add("after commit")));
            return tx.setLocal("synchronous_commit", "on").then(write(tx, "n" + key.incrementAndGet()));
        });
        server.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        server.execute("SELECT pg_reload_conf()");
        try {
            // The server takes a while to learn of the standby, and confirms by itself until then.
            StepVerifier.create(written.repeat().then())
                    .expectSubscription()
                    .then(() -> stopWhere("SyncRep"))
                    .expectError(CommittedLocallyException.class)
                    .verify(LIMIT);
        } finally {
            server.execute("ALTER SYSTEM RESET synchronous_standby_names");
            server.execute("SELECT pg_reload_conf()");
            await().atMost(LIMIT)
                    .until(() -> setting("synchronous_standby_names").isEmpty());
        }
        assertThat(notes()).contains("n" + key);
        assertThat(outcomes).containsOnly(TransactionOutcome.COMMITTED).hasSize(key.get());
        assertThat(done).hasSize(key.get());
    }

    /** Has the server stop what waits for such an event. */
    private void stopWhere(String waitEvent) {
        await().atMost(LIMIT)
                .until(() -> !server.query(
                                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = ?"
                                        + " AND wait_event = ?",
                                row -> row.getBoolean(1),
                                application,
                                waitEvent)
                        .isEmpty());
    }

    private String setting(String name) {
        return server.query("SELECT current_setting(?)", row -> row.getString(1), name)
                .get(0);
    }

    @Test
    void aBeginThatGotLostOnTheWayIsTold() {
        wire.rewrite(sql -> sql.equals("BEGIN") ? "SELECT 1" : sql);

        failure(
                TransactionVanishedException.class,
                db.inTransaction(tx -> write(tx, "a").onErrorReturn(0L).then(write(tx, "b"))));
        assertThat(notes()).as("what was sent with it may stay").doesNotContain("b");
        failure(
                TransactionVanishedException.class,
                db.inTransaction(tx -> tx.sql("INSERT INTO note VALUES ('c')").rowsUpdated()));
        assertThat(notes()).as("a simple query waits for it").doesNotContain("c");
        assertThat(outcomes).containsExactly(TransactionOutcome.UNKNOWN, TransactionOutcome.UNKNOWN);
    }

    @Test
    void aTransactionThatSomebodyElseEndedIsTold() {
        wire.rewrite(sql -> sql.equals("SELECT 7") ? "COMMIT" : sql);

        TransactionVanishedException vanished = failure(
                TransactionVanishedException.class,
                db.inTransaction(tx -> write(tx, "a").then(tx.sql("SELECT 7").rowsUpdated())));
        assertThat(vanished).isNotInstanceOf(R2dbcTransientException.class);
        assertThat(outcomes).containsExactly(TransactionOutcome.UNKNOWN);
    }

    private void atCommit(String action) {
        server.execute("CREATE OR REPLACE FUNCTION " + note + "_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                + action + "; RETURN NULL; END $$");
        server.execute("CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON " + note
                + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + note + "_end()");
    }

    /** Completes when the client has noticed that its connections are closed. */
    private Mono<Long> closed() {
        return Mono.delay(Duration.ofMillis(200));
    }

    private static <E extends Throwable> E failure(Class<E> type, Mono<?> work) {
        List<Throwable> failures = new ArrayList<>();
        StepVerifier.create(work.then()).expectErrorSatisfies(failures::add).verify(LIMIT);
        assertThat(failures.get(0)).isInstanceOf(type);
        if (!(failures.get(0) instanceof PostgresqlException)) {
            assertThat(failures.get(0).getMessage()).hasSizeLessThan(500).doesNotContain("INSERT");
        }
        return type.cast(failures.get(0));
    }

    private static Throwable rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private static Mono<Long> sleep(SqlClient client) {
        return client.sql("SELECT pg_sleep(20)").rowsUpdated();
    }

    private static Mono<Long> write(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES ($1)").bind(1, text).rowsUpdated();
    }
}
