package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Statements and results as their users have them; what is sent is seen on the wire. */
@DatabaseTest
class QueryIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int MANY = 5_000;

    private final TestDatabase server = TestDatabase.get();
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final Database db = Database.builder(wire.url(getClass()))
            .pool(PoolSettings.defaults().toBuilder().maxSize(1).build())
            .build();

    @BeforeEach
    void table() {
        db.sql("DROP TABLE IF EXISTS entry").rowsUpdated().block(LIMIT);
        db.sql("CREATE TABLE entry (id bigint, note text)").rowsUpdated().block(LIMIT);
        awaitQuiet();
        wire.statements();
    }

    @AfterEach
    void everythingIsGivenBack() {
        awaitQuiet();
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(getClass()));
        wire.close();
    }

    @Test
    void whatCannotBeSentIsAnErrorAndNothingIsOnTheWire() {
        Query query = db.sql("INSERT INTO entry VALUES (:id, :note)").bind("id", 1);

        refused(query.rowsUpdated(), "no value was bound for :note");
        refused(query.bind("nte", "x").rowsUpdated(), "the nearest is :note");
        refused(query.bind("note", Locale.ROOT).rowsUpdated(), "no PostgreSQL type for java.util.Locale");
        refused(query.bindNull("note", Locale.class).rowsUpdated(), "no PostgreSQL type for java.util.Locale");
        refused(query.bind("note", List.of(Locale.ROOT)).rowsUpdated(), "no PostgreSQL type for java.util.Locale[]");
        for (Object value : List.of("\0", "\ud83d", List.of(1, 2L), java.time.LocalDate.of(6_000_000, 1, 1))) {
            assertThatThrownBy(() -> query.bind("note", value)).isInstanceOf(StatementException.class);
        }
        for (String text : List.of("SELECT :a, $1", "SELECT 'x", "SELECT 1\0", "COMMIT", "COPY entry FROM STDIN")) {
            assertThatThrownBy(() -> db.sql(text)).isInstanceOf(StatementException.class);
        }

        assertThat(wire.statements()).isEmpty();
        assertThat(db.sql("SELECT 1").as(Integer.class).one().block(LIMIT)).isEqualTo(1);
        assertThat(wire.statements()).containsExactly("SELECT 1");
    }

    private static void refused(Mono<?> result, String message) {
        StepVerifier.create(result)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContaining(message))
                .verify(LIMIT);
    }

    @Test
    void aStatementIsParsedAndPreparedOnce() {
        for (int i = 0; i < 3; i++) {
            db.sql("SELECT :i + 1").bind("i", i).as(Integer.class).one().block(LIMIT);
        }

        assertThat(wire.statements()).containsExactly("SELECT $1 + 1");
    }

    @Test
    void existsTellsWhetherThereIsARow() {
        Query query = db.sql("SELECT 1 FROM generate_series(1, :n)");

        assertThat(query.bind("n", 0).exists().block(LIMIT)).isFalse();
        assertThat(query.bind("n", 1).exists().block(LIMIT)).isTrue();
        assertThat(query.bind("n", MANY).exists().block(LIMIT)).isTrue();
        StepVerifier.create(db.sql("SELECT 1/0").exists()).expectError().verify(LIMIT);
        StepVerifier.create(query.bind("n", MANY).exists(), 0).thenCancel().verify(LIMIT);
    }

    @Test
    void mapsHaveTheColumnsInOrder() {
        Map<String, @Nullable Object> row = db.sql("SELECT 2 AS b, NULL::text AS a, ARRAY[1] AS c")
                .asMap()
                .one()
                .block(LIMIT);

        assertThat(row).containsOnlyKeys("b", "a", "c").containsEntry("b", 2).containsEntry("a", null);
        assertThat(String.join("", row.keySet())).isEqualTo("bac");
    }

    @Test
    void positionalParametersTakeCollectionsAndTypedNulls() {
        assertThat(db.sql("SELECT cardinality($1) || coalesce($2, '-')")
                        .bind(1, List.of(), Long.class)
                        .bindNull(2, String.class)
                        .as(String.class)
                        .one()
                        .block(LIMIT))
                .isEqualTo("0-");
    }

    @Test
    void returningGivesRowsAndRowsUpdatedCountsThem() {
        Query insert = db.sql("INSERT INTO entry SELECT i, 'x' FROM generate_series(1, :n) i RETURNING id");

        assertThat(insert.bind("n", 2).as(Long.class).all().collectList().block(LIMIT))
                .containsExactly(1L, 2L);
        assertThat(insert.bind("n", 3).rowsUpdated().block(LIMIT)).isEqualTo(3);
        assertThat(insert.bind("n", 0).as(Long.class).one().block(LIMIT)).isNull();
        assertThat(db.sql("DELETE FROM entry WHERE id = 1 RETURNING id")
                        .exists()
                        .block(LIMIT))
                .isTrue();
        assertThat(count(db)).isEqualTo(3);
        assertThat(db.sql("UPDATE entry SET note = 'y'")
                        .as(Long.class)
                        .all()
                        .collectList()
                        .block(LIMIT))
                .isEmpty();
    }

    @Test
    void aResultThatIsCutShortUndoesNothing() {
        for (Function<Query, Mono<?>> cut : cuts()) {
            db.sql("TRUNCATE entry").rowsUpdated().block(LIMIT);
            cut.apply(inserted(db)).block(LIMIT);

            assertThat(count(db)).isEqualTo(MANY);
        }
    }

    @Test
    void aResultThatIsCutShortUndoesNothingInATransaction() {
        for (Function<Query, Mono<?>> cut : cuts()) {
            db.sql("TRUNCATE entry").rowsUpdated().block(LIMIT);
            Long seen = db.inTransaction(tx -> cut.apply(inserted(tx)).then(Mono.defer(() -> counted(tx))))
                    .block(LIMIT);

            assertThat(seen).isEqualTo(MANY);
            assertThat(count(db)).isEqualTo(MANY);
        }
    }

    @Test
    void aStreamThatIsCutShortLeavesSessionsAndTransactionsUsable() {
        Flux<Long> twice = db.inTransactionMany(
                tx -> Flux.range(0, 3).concatMap(i -> numbers(tx).take(2).concatWith(counted(tx))));
        StepVerifier.create(twice.collectList())
                .expectNext(List.of(1L, 2L, 0L, 1L, 2L, 0L, 1L, 2L, 0L))
                .expectComplete()
                .verify(LIMIT);
        Flux<Long> session = db.inSessionMany(
                open -> Flux.range(0, 3).concatMap(i -> numbers(open).take(1).concatWith(counted(open))));
        StepVerifier.create(session.collectList())
                .expectNext(List.of(1L, 0L, 1L, 0L, 1L, 0L))
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aWriteOfWhichEnoughRowsWereSeenRunsToItsEnd() {
        for (int scope = 0; scope < 2; scope++) {
            db.sql("TRUNCATE entry").rowsUpdated().block(LIMIT);
            Mono<Long> first = scope == 0
                    ? slowly(db).take(1).single()
                    : db.inSession(session -> slowly(session).take(1).single());

            StepVerifier.create(first).expectNext(1L).expectComplete().verify(LIMIT);

            awaitQuiet();
            assertThat(count(db)).isEqualTo(20);
        }
    }

    @Test
    void aWriteIsStoppedByACancelBeforeItsFirstRow() {
        StepVerifier.create(slowly(db), 0)
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> !wire.statements().isEmpty()))
                .thenCancel()
                .verify(LIMIT);

        awaitQuiet();
        assertThat(count(db)).isZero();
    }

    /** The first row is seen at once, the last after 0.6 s. */
    private static Flux<Long> slowly(SqlClient client) {
        return client.sql(
                        "INSERT INTO entry SELECT i, repeat('x', 20000) || pg_sleep(0.03) FROM generate_series(1, 20) i"
                                + " RETURNING id, note")
                .map(row -> row.get("id", Long.class))
                .all();
    }

    private static List<Function<Query, Mono<?>>> cuts() {
        return List.of(
                query -> query.as(Long.class).first(),
                query -> query.as(Long.class).all().take(1).then(),
                query -> query.as(Long.class).all().next(),
                Query::exists);
    }

    private static Query inserted(SqlClient client) {
        return client.sql("INSERT INTO entry SELECT i, repeat('x', 100) FROM generate_series(1, :n) i RETURNING id")
                .bind("n", MANY);
    }

    private static Flux<Long> numbers(SqlClient client) {
        return client.sql("SELECT i FROM generate_series(1, :n) i")
                .bind("n", (long) MANY)
                .as(Long.class)
                .all();
    }

    private void awaitQuiet() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
    }

    private static Mono<Long> counted(SqlClient client) {
        return client.sql("SELECT count(*) FROM entry").as(Long.class).one();
    }

    private static long count(SqlClient client) {
        return counted(client).block(LIMIT);
    }
}
