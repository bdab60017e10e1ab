package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What has become of a commit that was not answered. */
@DatabaseTest
class ResolveIT {

    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final TransactionOptions RESOLVABLE =
            TransactionOptions.defaults().resolvable();
    private static final String DIE = "SELECT pg_terminate_backend(pg_backend_pid())";

    private final TestDatabase server = TestDatabase.get();
    private final String note = TestDatabase.schema(ResolveIT.class) + ".note";
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final Database db = Database.builder(wire.url(ResolveIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
        wire.close();
        server.awaitNoBackends(TestDatabase.applicationName(ResolveIT.class));
    }

    @Test
    void aCommitThatArrivedIsFoundCommitted() {
        CommitUnknownException unknown = unknown("COMMIT; " + DIE, db.inTransaction(RESOLVABLE, tx -> write(tx, "a")));

        assertThat(unknown.resolve().block(LIMIT)).isEqualTo(CommitResolution.COMMITTED);
        assertThat(notes()).containsExactly("a");
        assertThat(unknown.transactionId()).hasValueSatisfying(id -> {
            assertThat(id.xid()).hasValueSatisfying(xid -> assertThat(xid).matches("\\d+"));
            assertThat(id.system()).matches("\\d+");
            assertThat(id.timeline()).matches("[0-9A-F]{8}");
        });
    }

    @Test
    void aCommitThatGotLostIsFoundAborted() {
        CommitUnknownException unknown = unknown(DIE, db.inTransaction(RESOLVABLE, tx -> write(tx, "a")));

        assertThat(unknown.resolve().block(LIMIT)).isEqualTo(CommitResolution.ABORTED);
        assertThat(notes()).isEmpty();
    }

    @Test
    void aTransactionThatTheServerStillHoldsOpenIsEnded() {
        wire.rewrite(sql -> sql.equals("COMMIT") ? "SELECT pg_sleep(60)" : sql);
        List<Throwable> failures = new ArrayList<>();
        StepVerifier.create(db.inTransaction(RESOLVABLE, tx -> write(tx, "a")))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(TestDatabase.applicationName(ResolveIT.class)).stream()
                                .anyMatch(backend ->
                                        String.valueOf(backend.query()).contains("pg_sleep"))))
                .then(() -> wire.cut(Fault.RESET))
                .expectErrorSatisfies(failures::add)
                .verify(LIMIT);
        wire.rewrite(sql -> sql);

        StepVerifier.create(((CommitUnknownException) failures.get(0)).resolve())
                .expectNext(CommitResolution.ABORTED)
                .expectComplete()
                .verify(Duration.ofSeconds(8));
        assertThat(notes()).isEmpty();
    }

    @Test
    void aTransactionThatWroteNothingLeftNothing() {
        CommitUnknownException unknown = unknown(
                "COMMIT; " + DIE,
                db.inTransaction(
                        RESOLVABLE, tx -> tx.sql("SELECT 1").as(Integer.class).one()));

        assertThat(unknown.transactionId().orElseThrow().xid()).isEmpty();
        assertThat(unknown.resolve().block(LIMIT)).isEqualTo(CommitResolution.ABORTED);
    }

    @Test
    void whatWasNotAskedForCannotBeFoundOut() {
        CommitUnknownException unknown = unknown("COMMIT; " + DIE, db.inTransaction(tx -> write(tx, "a")));

        assertThat(unknown.transactionId()).isEmpty();
        assertThat(unknown.resolve().block(LIMIT)).isEqualTo(CommitResolution.UNKNOWN);
    }

    @Test
    void anotherServerOrAnotherTimelineKnowsNothing() {
        TransactionId id = unknown(DIE, db.inTransaction(RESOLVABLE, tx -> write(tx, "a")))
                .transactionId()
                .orElseThrow();
        String xid = id.xid().orElseThrow();

        assertThat(resolved(new TransactionId(xid, "1", id.timeline(), "x"))).isEqualTo(CommitResolution.UNKNOWN);
        assertThat(resolved(new TransactionId(xid, id.system(), "0000FFFF", "x")))
                .isEqualTo(CommitResolution.UNKNOWN);
    }

    @Test
    void afterACrashAnIdThatHasCommittedMayBeAnothers() {
        TransactionId id = unknown("COMMIT; " + DIE, db.inTransaction(RESOLVABLE, tx -> write(tx, "a")))
                .transactionId()
                .orElseThrow();
        String xid = id.xid().orElseThrow();
        TransactionId before = new TransactionId(xid, id.system(), id.timeline(), "before");
        TransactionId future = new TransactionId("99999999", id.system(), id.timeline(), "before");

        assertThat(resolved(before)).isEqualTo(CommitResolution.UNKNOWN);
        assertThat(resolved(future)).isEqualTo(CommitResolution.ABORTED);
    }

    @Test
    void aRoleWithoutRightsCanResolve() {
        server.execute("DROP ROLE IF EXISTS resolve_it");
        server.execute("CREATE ROLE resolve_it LOGIN PASSWORD 'secret'");
        server.execute("GRANT ALL ON SCHEMA " + TestDatabase.schema(ResolveIT.class) + " TO resolve_it");
        server.execute("GRANT ALL ON " + note + " TO resolve_it");
        Database plain = Database.of(wire.url(ResolveIT.class).replaceFirst("//[^@]*@", "//resolve_it:secret@"));

        CommitUnknownException unknown =
                unknown("COMMIT; " + DIE, plain.inTransaction(RESOLVABLE, tx -> write(tx, "a")));
        assertThat(unknown.resolve().block(LIMIT)).isEqualTo(CommitResolution.COMMITTED);

        plain.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(ResolveIT.class));
        server.execute("DROP OWNED BY resolve_it");
        server.execute("DROP ROLE resolve_it");
    }

    @Test
    void aCancelledQuestionGivesItsConnectionBack() {
        CommitUnknownException unknown = unknown(DIE, db.inTransaction(RESOLVABLE, tx -> write(tx, "a")));

        StepVerifier.create(unknown.resolve()).thenCancel().verify(LIMIT);
        StepVerifier.create(unknown.resolve().then(Mono.never()))
                .thenAwait(Duration.ofMillis(200))
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void theIdIsAskedForInOneRoundTripBeforeTheCommit() {
        db.sql("SELECT 1").rowsUpdated().block(LIMIT);
        wire.statements();
        db.inTransaction(RESOLVABLE, tx -> write(tx, "a")).block(LIMIT);
        List<String> sent = wire.statements();

        assertThat(sent).hasSize(4).startsWith("BEGIN").endsWith("COMMIT");
        assertThat(sent.get(2)).contains("pg_current_xact_id_if_assigned");
        db.inTransaction(RESOLVABLE, tx -> Mono.just(1)).block(LIMIT);
        assertThat(wire.statements()).isEmpty();
    }

    private CommitResolution resolved(TransactionId id) {
        DefaultDatabase database = (DefaultDatabase) db;
        return database.transactions().resolver().resolve(id).block(LIMIT);
    }

    private CommitUnknownException unknown(String inPlaceOfCommit, Mono<?> work) {
        wire.rewrite(sql -> sql.equals("COMMIT") ? inPlaceOfCommit : sql);
        List<Throwable> failures = new ArrayList<>();
        StepVerifier.create(work.then()).expectErrorSatisfies(failures::add).verify(LIMIT);
        wire.rewrite(sql -> sql);
        assertThat(failures.get(0)).isInstanceOf(CommitUnknownException.class);
        return (CommitUnknownException) failures.get(0);
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private static Mono<Long> write(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES ($1)").bind(1, text).rowsUpdated();
    }
}
