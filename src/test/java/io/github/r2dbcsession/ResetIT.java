package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** When a connection is reset, and by what: seen on the wire, where each entry is a round trip. */
@DatabaseTest
class ResetIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String READ = "SELECT id FROM account WHERE id = $1";

    private final TestDatabase server = TestDatabase.get();
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final List<Database> databases = new ArrayList<>();

    @BeforeEach
    void table() {
        server.freshSchema(ResetIT.class);
        server.execute("CREATE TABLE reset_it.account (id int); CREATE TABLE reset_it.numbered (id serial)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        databases.forEach(db -> db.close().block(LIMIT));
        wire.close();
        server.awaitNoBackends(TestDatabase.applicationName(ResetIT.class));
    }

    @Test
    void readsThatAreKnownToBeCleanCostNothing() {
        Database db = database(ResetPolicy.DEFAULT);
        read(db);
        assertThat(sent(db)).as("the first, before the database is known").contains("RESET", "pg_operator");

        read(db);
        db.inTransaction(tx -> reading(tx)).block(LIMIT);

        assertThat(sent(db)).as("beside executing what is prepared").isEqualTo("BEGIN\nCOMMIT");
    }

    @ParameterizedTest
    @EnumSource(ResetPolicy.class)
    void aPoolThatIsResizedKeepsItsPolicy(ResetPolicy policy) {
        Database db = database(policy);
        read(db);
        sent(db);
        read(db);
        String before = sent(db);

        db.resize(2, 1).block(LIMIT);
        read(db);

        assertThat(sent(db)).isEqualTo(before);
        assertThat(db.poolSettings().resetPolicy()).isEqualTo(policy);
        assertThat(before.contains("RESET")).isEqualTo(policy == ResetPolicy.ALWAYS);
    }

    @Test
    void writesThatAreKnownToBeCleanCostNothing() {
        Database db = database(ResetPolicy.DEFAULT);
        read(db);
        sent(db);

        run(db, "INSERT INTO account (id) VALUES (1)");
        run(db, "UPDATE account SET id = 2");
        run(db, "UPDATE numbered SET id = 2");
        db.inTransaction(tx -> tx.sql("SELECT id FROM account FOR UPDATE")
                        .rowsUpdated()
                        .then(tx.sql("DELETE FROM account").rowsUpdated()))
                .block(LIMIT);

        assertThat(sent(db).split("\n"))
                .containsExactly(
                        "INSERT INTO account (id) VALUES (1)",
                        "UPDATE account SET id = 2",
                        "UPDATE numbered SET id = 2",
                        "BEGIN",
                        "SELECT id FROM account FOR UPDATE",
                        "DELETE FROM account",
                        "COMMIT");
    }

    @Test
    void anythingElseCostsOneRoundTripBehindTheCallersBack() {
        Database db = database(ResetPolicy.DEFAULT);
        read(db);
        sent(db);

        run(db, "INSERT INTO numbered DEFAULT VALUES");
        assertThat(sent(db).split("\n"))
                .hasSize(2)
                .satisfies(sent -> assertThat(sent[1]).startsWith("RESET SESSION AUTHORIZATION; "));

        db.inTransaction(tx -> tx.sql("SET work_mem = '1MB'")
                        .rowsUpdated()
                        .then(tx.sql("INSERT INTO numbered DEFAULT VALUES").rowsUpdated()))
                .block(LIMIT);
        assertThat(sent(db).split("\n")).hasSize(5);
    }

    @Test
    void trustingSparesPlainStatements() {
        Database db = database(ResetPolicy.TRUSTING);
        read(db);
        run(db, "INSERT INTO account VALUES (1)");
        assertThat(sent(db)).doesNotContain("RESET", "pg_operator");

        run(db, "SET work_mem = '1MB'");
        assertThat(sent(db)).contains("RESET");
    }

    @Test
    void alwaysSparesNone() {
        Database db = database(ResetPolicy.ALWAYS);
        read(db);
        read(db);

        assertThat(sent(db).split("RESET ALL", -1)).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource(ResetPolicy.class)
    void theBarrierOfARecoveredConnectionRollsBackAndResetsInOne(ResetPolicy policy) {
        Database db = database(policy);
        int before = pid(db);
        sent(db);

        StepVerifier.create(db.inTransaction(tx -> reading(tx).then(Mono.never())))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends("ResetIT").stream()
                                .anyMatch(backend ->
                                        "idle in transaction".equals(backend.state()) && READ.equals(backend.query()))))
                .thenCancel()
                .verify(LIMIT);

        assertThat(sent(db)).contains("ROLLBACK; RESET SESSION AUTHORIZATION; ");
        assertThat(pid(db)).isEqualTo(before);
    }

    @Test
    void aConnectionThatCannotBeResetIsClosed() {
        Database db = database(ResetPolicy.DEFAULT);
        int before = pid(db);
        sent(db);

        wire.rewrite(sql -> sql.contains("RESET ALL") ? "RESET nothing_of_that_name" : sql);
        run(db, "SET work_mem = '1MB'");
        sent(db);
        assertThat(db.stats().allocated()).isZero();

        wire.rewrite(sql -> sql.contains("RESET ALL") ? "SELECT pg_sleep(60)" : sql);
        run(db, "SET work_mem = '1MB'");
        sent(db);
        assertThat(db.stats().allocated()).isZero();
        assertThat(server.backends("ResetIT")).noneMatch(backend -> "active".equals(backend.state()));

        wire.rewrite(sql -> sql);
        assertThat(pid(db)).isNotEqualTo(before);
    }

    @Test
    void aResetThatFailsOnceIsTriedAgain() {
        Database db = database(ResetPolicy.DEFAULT);
        int before = pid(db);
        sent(db);

        List<String> failed = new ArrayList<>();
        wire.rewrite(sql -> sql.contains("RESET ALL") && failed.add(sql) && failed.size() == 1 ? "SELECT 1/0" : sql);
        run(db, "SET work_mem = '1MB'");
        sent(db);

        assertThat(failed).hasSize(2);
        assertThat(pid(db)).isEqualTo(before);
    }

    @Test
    void whatTheDriverHasPreparedStaysAndWhatSqlHasPreparedGoes() {
        Database db = database(ResetPolicy.ALWAYS);
        int before = pid(db);
        read(db);
        run(db, "PREPARE \"it's; \"\"mine\"\"\" AS SELECT 1");
        sent(db);

        assertThat(db.sql(
                                "SELECT from_sql || ' ' || name FROM pg_prepared_statements WHERE statement = :read OR from_sql")
                        .bind("read", READ)
                        .as(String.class)
                        .all()
                        .collectList()
                        .block(LIMIT))
                .hasSize(1)
                .allMatch(prepared -> prepared.startsWith("false S_"));
        sent(db);
        db.inTransaction(tx -> reading(tx)).block(LIMIT);
        assertThat(sent(db)).as("not parsed again").doesNotContain(READ);
        assertThat(pid(db)).isEqualTo(before);
    }

    @Test
    void statementsOnATemporaryTableOutliveItInTransactionsToo() {
        Database db = database(ResetPolicy.DEFAULT);
        for (int i = 0; i < 3; i++) {
            List<Integer> found = db.inTransaction(tx -> tx.sql("CREATE TEMP TABLE picked (id int)")
                            .rowsUpdated()
                            .then(tx.sql("INSERT INTO picked VALUES (:id)")
                                    .bind("id", 7)
                                    .rowsUpdated())
                            .then(tx.sql("SELECT id FROM picked WHERE id > :least")
                                    .bind("least", 1)
                                    .as(Integer.class)
                                    .all()
                                    .collectList()))
                    .block(LIMIT);
            assertThat(found).containsExactly(7);
        }
        assertThat(db.stats().idle() + db.stats().recovering()).isEqualTo(1);
    }

    @Test
    void aConnectionKeepsNoMoreThan256StatementsPrepared() {
        Database db = database(ResetPolicy.DEFAULT);

        Long prepared = db.inSession(session -> Flux.range(0, 300)
                        .concatMap(i -> session.sql("SELECT :n::int + " + i)
                                .bind("n", 1)
                                .rowsUpdated())
                        .then(session.sql("SELECT count(*) FROM pg_prepared_statements")
                                .as(Long.class)
                                .one()))
                .block(LIMIT);

        assertThat(prepared).isBetween(200L, 256L);
    }

    @Test
    void aConnectionWhoseDriverHasBeenForgottenIsClosed() {
        Database db = database(ResetPolicy.TRUSTING);
        int before = pid(db);
        run(db, "DEALLOCATE ALL");
        sent(db);

        assertThat(pid(db)).isNotEqualTo(before);
    }

    private Database database(ResetPolicy policy) {
        Database db = Database.builder(wire.url(ResetIT.class))
                .pool(PoolSettings.builder().maxSize(1).resetPolicy(policy).build())
                .build();
        databases.add(db);
        return db;
    }

    private static void read(Database db) {
        reading(db).block(LIMIT);
    }

    private static Mono<Integer> reading(SqlClient client) {
        return client.sql("SELECT id FROM account WHERE id = :id")
                .bind("id", 1)
                .as(Integer.class)
                .first();
    }

    private static void run(Database db, String sql) {
        db.sql(sql).rowsUpdated().block(LIMIT);
    }

    private static int pid(Database db) {
        return db.sql("SELECT pg_backend_pid()").as(Integer.class).one().block(LIMIT);
    }

    /** What has been sent until the connection is idle again. */
    private String sent(Database db) {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        return String.join("\n", wire.statements());
    }
}
