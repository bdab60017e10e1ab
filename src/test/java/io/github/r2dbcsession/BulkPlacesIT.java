package io.github.r2dbcsession;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Bulk writes and COPY by every client that can be handed around: on its connection, in its transaction, all or nothing. */
@DatabaseTest
class BulkPlacesIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String SCHEMA = TestDatabase.schema(BulkPlacesIT.class);
    private static final String NAME = TestDatabase.applicationName(BulkPlacesIT.class);

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(BulkPlacesIT.class))
            .pool(PoolSettings.builder()
                    .maxSize(3)
                    .maxAcquireTime(LIMIT)
                    .maxCreateConnectionTime(LIMIT)
                    .build())
            .build();

    record Note(int id, String text) {}

    /** Where a client comes from. */
    enum Place {
        DATABASE,
        LIMITED,
        SESSION,
        OPEN_SESSION,
        DEDICATED_SESSION,
        SCOPED_SESSION,
        SESSION_IN_A_TRANSACTION,
        WITHOUT_TRANSACTION,
        TRANSACTION,
        BEGUN_TRANSACTION,
        NESTED_TRANSACTION,
        JOINED_TRANSACTION,
        UNIT_OF_WORK;

        boolean hasConnection() {
            return this != DATABASE && this != LIMITED && this != WITHOUT_TRANSACTION;
        }

        <T> Mono<T> run(Database db, Function<SqlClient, Mono<T>> work) {
            return switch (this) {
                case DATABASE -> work.apply(db);
                case LIMITED -> db.inSession(session -> work.apply(session.withTimeout(LIMIT)));
                case SESSION -> db.inSession(work);
                case OPEN_SESSION -> Mono.usingWhen(db.openSession(), work, Session::close);
                case DEDICATED_SESSION -> Mono.usingWhen(db.openDedicatedSession(), work, Session::close);
                case SCOPED_SESSION -> db.<T>inSession(work).as(db::sessionScope);
                case SESSION_IN_A_TRANSACTION -> db.inTransaction(tx -> db.inSession(work));
                case WITHOUT_TRANSACTION ->
                    db.inTransaction(TransactionOptions.defaults().propagation(Propagation.NOT_SUPPORTED), work);
                case TRANSACTION -> db.inTransaction(work);
                case BEGUN_TRANSACTION ->
                    Mono.usingWhen(
                            db.beginTransaction(),
                            work,
                            Transaction::commit,
                            (tx, failure) -> tx.rollback(),
                            Transaction::rollback);
                case NESTED_TRANSACTION ->
                    db.inTransaction(tx ->
                            db.inTransaction(TransactionOptions.defaults().propagation(Propagation.NESTED), work));
                case JOINED_TRANSACTION -> db.inTransaction(tx -> db.inTransaction(work));
                case UNIT_OF_WORK -> db.inUnitOfWork(unit -> work.apply(unit).delayUntil(done -> unit.commit()));
            };
        }
    }

    @BeforeEach
    void start() {
        server.execute("DROP TABLE IF EXISTS %1$s.note; CREATE TABLE %1$s.note (id int PRIMARY KEY, text text,"
                        .formatted(SCHEMA)
                + " pid int DEFAULT pg_backend_pid())");
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 0);
        db.close().block(LIMIT);
        server.awaitNoBackends(NAME);
    }

    @Test
    void aCopyThatWaitedBehindAChangeOfTypesKeepsNothing() throws Exception {
        record Measured(long id, long value) {}
        server.execute("DROP TABLE IF EXISTS %1$s.measured; CREATE TABLE %1$s.measured (id bigint, value bigint)"
                .formatted(SCHEMA));
        Bulk<Measured> bulk = db.bulk("measured", Measured.class);
        try (Connection change = server.open("change");
                Statement statement = change.createStatement()) {
            change.setAutoCommit(false);
            statement.execute("ALTER TABLE " + SCHEMA + ".measured ALTER value TYPE double precision");

            CompletableFuture<Long> copied =
                    bulk.copy(Flux.just(new Measured(1, 7))).toFuture();
            await().atMost(LIMIT)
                    .until(() -> server.backends(NAME).stream()
                            .anyMatch(backend ->
                                    backend.query().startsWith("COPY") && "relation".equals(backend.waitEvent())));
            change.commit();

            assertThat(copied)
                    .failsWithin(LIMIT)
                    .withThrowableOfType(ExecutionException.class)
                    .withCauseInstanceOf(StatementException.class)
                    .withMessageContainingAll("measured", "changed", "copied again");
        }
        assertThat(server.query("SELECT count(*) FROM " + SCHEMA + ".measured", row -> row.getInt(1)))
                .containsExactly(0);
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void everyWayRunsOnTheConnectionOfItsClient(Place place) {
        String seen = place.<String>run(
                        db,
                        client -> bulk(client)
                                .insert(notes(1, 7))
                                .then(bulk(client).copy(notes(8, 3)))
                                .then(client.copyIn(
                                        "COPY note (id, text) FROM STDIN", Flux.just(buffer("11\televen\n"))))
                                .then(text(client.copyOut("COPY (SELECT sum(id) FROM note) TO STDOUT")))
                                .zipWith(pid(client), (sum, pid) -> sum + " " + pid))
                .block(LIMIT);

        assertThat(seen).startsWith("66\n ");
        List<String> pids = server.query("SELECT DISTINCT pid FROM " + SCHEMA + ".note", row -> row.getString(1));
        if (place.hasConnection()) {
            assertThat(pids).containsExactly(seen.substring(4));
        } else {
            assertThat(pids).isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void aRefusedRowUndoesItsWriteAndLeavesTheClientUsable(Place place) {
        Long written = place.<Long>run(
                        db,
                        client -> client.sql("INSERT INTO note VALUES (100, 'before')")
                                .rowsUpdated()
                                .then(refused(bulk(client).insert(twice())))
                                .then(refused(bulk(client).copy(twice())))
                                .then(refused(client.copyIn(
                                        "COPY note (id, text) FROM STDIN", Flux.just(buffer("1\tone\n1\ttwo\n")))))
                                .then(bulk(client).insert(notes(1, 5))))
                .block(LIMIT);

        assertThat(written).isEqualTo(5);
        assertThat(ids()).containsExactly(1, 2, 3, 4, 5, 100);
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void aCancelLeavesNothing(Place place) {
        AtomicLong sent = new AtomicLong();
        var write = place.<Long>run(
                        db,
                        client -> bulk(client)
                                .insert(notes(1, 50)
                                        .doOnNext(note -> sent.incrementAndGet())
                                        .concatWith(Mono.never())))
                .subscribe();
        await().atMost(LIMIT).until(() -> sent.get() == 50);

        write.dispose();

        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0
                        && server.backends(NAME).stream().allMatch(backend -> "idle".equals(backend.state())));
        assertThat(ids()).isEmpty();
        assertThat(bulk(db).insert(notes(1, 5)).block(LIMIT)).isEqualTo(5);
    }

    @Test
    void aClientThatIsHandedInIsUsedWhateverTheContextSays() {
        AtomicInteger pid = new AtomicInteger();
        Mono.usingWhen(
                        db.openSession(),
                        session -> db.inTransaction(tx -> pid(session)
                                .doOnNext(pid::set)
                                .then(bulk(session).insert(notes(1, 5)))
                                .then(session.copyIn("COPY note (id, text) FROM STDIN", Flux.just(buffer("6\tsix\n"))))
                                .then(bulk(tx).insert(notes(7, 3)))
                                .doOnNext(done -> tx.markRollbackOnly())),
                        Session::close)
                .onErrorComplete(TransactionRolledBackException.class)
                .block(LIMIT);

        assertThat(server.query(
                        "SELECT id || ' ' || pid FROM " + SCHEMA + ".note ORDER BY id", row -> row.getString(1)))
                .isEqualTo(IntStream.rangeClosed(1, 6)
                        .mapToObj(id -> id + " " + pid)
                        .toList());
    }

    @Test
    void aTransactionTakesItsRowsBackWhenItRollsBack() {
        Mono.usingWhen(
                        db.beginTransaction(),
                        tx -> bulk(tx).insert(notes(1, 5))
                                .then(bulk(tx).copy(notes(6, 5)))
                                .then(Mono.<Long>error(new IllegalStateException("no"))),
                        Transaction::commit,
                        (tx, failure) -> tx.rollback(),
                        Transaction::rollback)
                .as(rolledBack -> StepVerifier.create(rolledBack).expectError(IllegalStateException.class))
                .verify(LIMIT);

        assertThat(ids()).isEmpty();
    }

    @Test
    void statementsOfASessionThatComeMeanwhileAreNoPartOfIt() {
        db.inSession(session -> {
                    Flux<Note> rows =
                            notes(1, 20).delayElements(Duration.ofMillis(2)).concatWith(notes(1, 1));
                    Mono<Long> other = session.sql("INSERT INTO note VALUES (100, 'beside')")
                            .rowsUpdated();
                    return Mono.zip(
                            refused(bulk(session).insert(rows)), other.delaySubscription(Duration.ofMillis(20)));
                })
                .block(LIMIT);

        assertThat(ids()).containsExactly(100);
    }

    @Test
    void afterItsEndAClientWritesNothing() {
        Session session = db.openSession().block(LIMIT);
        Transaction transaction = db.beginTransaction().block(LIMIT);
        session.close().block(LIMIT);
        transaction.commit().block(LIMIT);

        for (SqlClient ended : List.of(session, transaction)) {
            for (Mono<?> write : List.of(
                    bulk(ended).insert(notes(1, 1)),
                    bulk(ended).copy(notes(1, 1)),
                    ended.copyIn("COPY note FROM STDIN", Flux.just(buffer("1\tone\n"))),
                    ended.copyOut("COPY note TO STDOUT").then())) {
                StepVerifier.create(write)
                        .expectError(ScopeEndedException.class)
                        .verify(LIMIT);
            }
        }
        assertThat(ids()).isEmpty();
    }

    private static Bulk<Note> bulk(SqlClient client) {
        return client.bulk("note", Note.class).chunks(3);
    }

    private static Flux<Note> notes(int from, int count) {
        return Flux.range(from, count).map(id -> new Note(id, "note " + id));
    }

    /** Rows of which the last is in the way of the first, in another chunk. */
    private static Flux<Note> twice() {
        return notes(1, 7).concatWith(notes(1, 1));
    }

    private static Mono<Long> refused(Mono<Long> write) {
        return write.map(rows -> -1L)
                .onErrorReturn(BulkException.class, 0L)
                .doOnNext(outcome -> assertThat(outcome).isZero());
    }

    private static Mono<Integer> pid(SqlClient client) {
        return client.sql("SELECT pg_backend_pid()").as(Integer.class).one();
    }

    private static Mono<String> text(Flux<ByteBuffer> data) {
        return data.map(piece -> UTF_8.decode(piece).toString()).collectList().map(pieces -> String.join("", pieces));
    }

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    private List<Integer> ids() {
        return server.query("SELECT id FROM " + SCHEMA + ".note ORDER BY id", row -> row.getInt(1));
    }
}
