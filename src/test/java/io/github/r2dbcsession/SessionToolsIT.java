package io.github.r2dbcsession;

import static io.github.r2dbcsession.ExplainOption.ANALYZE;
import static io.github.r2dbcsession.ExplainOption.BUFFERS;
import static io.github.r2dbcsession.ExplainOption.JSON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.sql.ScriptException;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Locks that a session holds, plans, and scripts. */
@DatabaseTest
class SessionToolsIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long KEY = 4_711_000_000_001L;

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(SessionToolsIT.class))
            .pool(PoolSettings.builder()
                    .maxSize(2)
                    .resetPolicy(ResetPolicy.TRUSTING)
                    .build())
            .build();

    @BeforeEach
    void table() {
        server.freshSchema(SessionToolsIT.class);
        server.execute("CREATE TABLE " + TestDatabase.schema(SessionToolsIT.class) + ".note (n int)");
    }

    @AfterEach
    void close() {
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(SessionToolsIT.class));
    }

    @Test
    void aLockIsHeldUntilTheSessionEnds() {
        Boolean free = db.inSession(session -> session.lock(KEY)
                        .then(session.tryLock(KEY))
                        .then(db.inTransaction(
                                TransactionOptions.defaults().propagation(Propagation.REQUIRES_NEW),
                                tx -> tx.tryLock(KEY))))
                .block(LIMIT);

        assertThat(free).isFalse();
        isFree();
    }

    @Test
    void aCancelAndAnErrorFreeItToo() {
        StepVerifier.create(db.inSession(session -> session.tryLock(KEY)
                        .then(session.sql("SELECT pg_sleep(60)").rowsUpdated())))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> !tryLock()))
                .thenCancel()
                .verify(LIMIT);
        isFree();

        StepVerifier.create(db.inSession(session -> session.lock(KEY).then(Mono.error(new IllegalStateException()))))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
        isFree();
        db.sessionScope(db.inSession(session -> session.lock(KEY))).block(LIMIT);
        isFree();
        db.inTransaction(tx -> db.inSession(joined -> joined.lock(KEY))).block(LIMIT);
        isFree();
    }

    private void isFree() {
        await().atMost(LIMIT).until(this::tryLock);
    }

    private boolean tryLock() {
        return server.query(
                        "SELECT pg_try_advisory_lock(?) AND pg_advisory_unlock(?)", row -> row.getBoolean(1), KEY, KEY)
                .get(0);
    }

    @Test
    void aPlanIsToldWithoutRunningAnything() {
        String plan = db.sql("INSERT INTO note SELECT n FROM generate_series(1, :n) n WHERE n <> :other")
                .bind("n", 5)
                .bind("other", 3)
                .explain()
                .block(LIMIT);

        assertThat(plan).startsWith("Insert on note").contains("\n").doesNotContain("actual");
        assertThat(notes()).isZero();
    }

    @Test
    void whatIsRunForAPlanIsUndone() {
        Query write = db.sql("INSERT INTO note SELECT n FROM generate_series(1, :n) n")
                .bind("n", 5);
        int before = notes();

        assertThat(write.explain(ANALYZE, BUFFERS, ANALYZE).block(LIMIT))
                .contains("actual")
                .contains("rows=5");
        assertThat(write.explain(ANALYZE, JSON).block(LIMIT)).startsWith("[").contains("\"Actual Rows\"");
        String inSession = db.inSession(session -> session.sql("DELETE FROM note")
                        .explain(ANALYZE)
                        .flatMap(plan -> session.sql("INSERT INTO note VALUES (1)")
                                .rowsUpdated()
                                .thenReturn(plan)))
                .block(LIMIT);
        assertThat(inSession).contains("actual");
        assertThat(notes()).as("the session commits as before").isEqualTo(before + 1);
        db.inTransaction(tx -> tx.sql("INSERT INTO note VALUES (2)")
                        .rowsUpdated()
                        .then(tx.sql("DELETE FROM note").explain(ANALYZE)))
                .block(LIMIT);
        assertThat(notes()).isEqualTo(before + 2);
    }

    @Test
    void aPlanThatFailsLeavesTheSessionAsItWas() {
        StepVerifier.create(db.inSession(session -> session.sql("SELECT 1 / n FROM generate_series(0, 1) n")
                        .explain(ANALYZE)
                        .onErrorResume(failure -> Mono.just("failed"))
                        .flatMap(failed ->
                                session.sql("INSERT INTO note VALUES (1)").rowsUpdated())))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).isEqualTo(1);
        assertThatThrownBy(() -> db.sql("SELECT 1; SELECT 2").explain()).isInstanceOf(StatementException.class);
    }

    @Test
    void aScriptIsRunInItsOrder(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("schema.sql");
        Files.writeString(file, """
                -- What the shop needs
                CREATE TABLE account (id bigint PRIMARY KEY, owner text);
                CREATE FUNCTION owners() RETURNS bigint LANGUAGE plpgsql AS $$
                BEGIN
                    RETURN (SELECT count(*) FROM account);
                END $$;
                INSERT INTO account VALUES (1, 'a;b'), (2, E'it\\'s'), (3, ':name');
                """);

        assertThat(db.inTransaction(SqlScript.file(file)::run).block(LIMIT)).isEqualTo(3);
        assertThat(db.sql("SELECT owners()").as(Long.class).one().block(LIMIT)).isEqualTo(3);
    }

    @Test
    void anErrorSaysWhere(@TempDir Path folder) throws IOException {
        SqlScript script = SqlScript.of("INSERT INTO note VALUES (1);\n\nINSERT INTO note\n  VALUES (wrong);");

        StepVerifier.create(db.inTransaction(script::run))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(ScriptException.class, where -> {
                            assertThat(where.statement()).isEqualTo(2);
                            assertThat(where.line()).isEqualTo(4);
                            assertThat(where.column()).isEqualTo(11);
                            assertThat(where.getSqlState()).isEqualTo("42703");
                            assertThat(where)
                                    .hasMessageContaining("statement 2 of script failed, at line 4, column 11");
                        }))
                .verify(LIMIT);
        assertThat(notes()).isZero();
        StepVerifier.create(SqlScript.of("SELECT 1;\nCOMMIT").run(db))
                .expectErrorMatches(failure -> failure instanceof ScriptException where && where.line() == 2)
                .verify(LIMIT);
        Path marked = Files.writeString(folder.resolve("marked.sql"), "\ufeffSELECT 1");
        assertThat(SqlScript.file(marked).run(db).block(LIMIT)).isEqualTo(1);
        Path latin = Files.write(folder.resolve("latin.sql"), new byte[] {'S', (byte) 0xfc});
        assertThatThrownBy(() -> SqlScript.file(latin)).hasMessageContaining("latin.sql is not in UTF-8");
        assertThatThrownBy(() -> SqlScript.resource("no-such.sql")).isInstanceOf(IllegalArgumentException.class);
    }

    private int notes() {
        return db.sql("SELECT count(*) FROM note").as(Integer.class).one().block(LIMIT);
    }
}
