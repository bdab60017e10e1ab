package io.github.r2dbcsession;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** COPY of data that is text, CSV or binary already. */
@DatabaseTest
class CopyIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String SCHEMA = TestDatabase.schema(CopyIT.class);
    private static final String NAME = TestDatabase.applicationName(CopyIT.class);

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(CopyIT.class))
            .pool(PoolSettings.builder().maxSize(2).maxAcquireTime(LIMIT).build())
            .build();

    @BeforeEach
    void start() {
        server.execute("DROP TABLE IF EXISTS %1$s.note; CREATE TABLE %1$s.note (id bigint PRIMARY KEY, text text)"
                .formatted(SCHEMA));
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 0);
        db.close().block(LIMIT);
        server.awaitNoBackends(NAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "csv", "binary"})
    void whatComesOutGoesInAgainHoweverItIsCut(String format) {
        fill(20_000);
        byte[] out = whole(db.copyOut("COPY note TO STDOUT (FORMAT " + format + ")"));
        String before = digest();
        server.execute("TRUNCATE " + SCHEMA + ".note");
        long seed = System.nanoTime();
        System.out.println("CopyIT seed " + seed);

        Long rows = db.copyIn(
                        "COPY note FROM STDIN (FORMAT " + format + ")", Flux.fromIterable(cut(out, new Random(seed))))
                .block(LIMIT);

        assertThat(rows).isEqualTo(20_000);
        assertThat(digest()).isEqualTo(before);
    }

    @Test
    void aFileGoesIn(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("notes.csv"), "id,text\n1,one\n2,\"t,w\"\"o\n\"\n");

        assertThat(db.copyIn("COPY note FROM STDIN (FORMAT csv, HEADER)", file).block(LIMIT))
                .isEqualTo(2);
        List<Long> progress = new CopyOnWriteArrayList<>();
        Mono<Long> again = db.copyIn("COPY note FROM STDIN (FORMAT csv, HEADER)", longFile(folder), progress::add);
        assertThat(again.block(LIMIT)).isEqualTo(10_000);
        assertThat(progress)
                .hasSizeGreaterThan(1)
                .isSorted()
                .endsWith(longFile(folder).toFile().length());
        StepVerifier.create(db.copyIn("COPY note FROM STDIN", folder.resolve("none")))
                .expectError(NoSuchFileException.class)
                .verify(LIMIT);

        assertThat(server.query(
                        "SELECT text FROM " + SCHEMA + ".note WHERE id < 3 ORDER BY id", row -> row.getString(1)))
                .containsExactly("one", "t,w\"o\n");
    }

    private static Path longFile(Path folder) throws IOException {
        return Files.writeString(
                folder.resolve("long.csv"),
                "id,text\n"
                        + IntStream.range(1_000, 11_000)
                                .mapToObj(id -> id + ",this is note " + id + "\n")
                                .collect(Collectors.joining()));
    }

    @Test
    void anOptionThatTheServerDoesNotKnowIsNotTheFaultOfARow() {
        StepVerifier.create(db.copyIn("COPY note FROM STDIN (FORMAT xml)", Flux.just(buffer("1\tone\n"))))
                .expectErrorSatisfies(failure ->
                        assertThat(failure).isNotInstanceOf(BulkException.class).hasMessageContaining("xml"))
                .verify(LIMIT);
    }

    @Test
    void aRefusedLineIsNamedAndNothingIsWritten() {
        for (String bad : List.of("x\ttext\n", "7\ttwice\n", "9\n")) {
            StepVerifier.create(db.copyIn(
                            "COPY note FROM STDIN",
                            Flux.just(buffer("7\tfirst\n8\tsecond\n"), buffer(bad), buffer("10\tlast\n"))))
                    .expectErrorSatisfies(failure ->
                            assertThat(((BulkException) failure).firstRow()).isEqualTo(3))
                    .verify(LIMIT);
        }
        assertThat(count()).isZero();
    }

    @Test
    void aStatementThatTheServerRefusesEndsTheDataAndLeavesTheConnection() {
        AtomicBoolean wanted = new AtomicBoolean();

        StepVerifier.create(db.copyIn(
                        "COPY nothing FROM STDIN",
                        Flux.<ByteBuffer>never()
                                .doOnSubscribe(data -> wanted.set(true))
                                .doOnCancel(() -> wanted.set(false))))
                .expectErrorMatches(failure -> "42P01".equals(Failures.sqlState(failure)))
                .verify(LIMIT);

        await().atMost(LIMIT).until(() -> !wanted.get());
        assertThat(db.copyIn("COPY note FROM STDIN", Flux.just(buffer("1\tone\n")))
                        .block(LIMIT))
                .isEqualTo(1);
    }

    @Test
    void aCancelOnTheWayInLeavesNothing() {
        var copy = db.copyIn(
                        "COPY note FROM STDIN", Flux.just(buffer("1\tone\n")).concatWith(Flux.never()))
                .subscribe();
        await().atMost(LIMIT)
                .until(() -> server.backends(NAME).stream().anyMatch(backend -> "active".equals(backend.state())));

        copy.dispose();

        awaitIdle();
        assertThat(count()).isZero();
    }

    @Test
    void outIsEmittedWithTheDemandOfItsSubscriber() {
        server.execute("INSERT INTO %s.note SELECT i, repeat('long ', 1000) FROM generate_series(1, 10000) i"
                .formatted(SCHEMA));
        AtomicLong received = new AtomicLong();
        BaseSubscriber<ByteBuffer> slow = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(ByteBuffer piece) {
                received.addAndGet(piece.remaining());
            }
        };
        db.copyOut("COPY note TO STDOUT").subscribe(slow);
        await().atMost(LIMIT).until(() -> received.get() > 0);

        await().atMost(LIMIT)
                .until(() ->
                        server.backends(NAME).stream().anyMatch(backend -> "ClientWrite".equals(backend.waitEvent())));
        assertThat(received.get()).isLessThan(5_000_000);

        slow.requestUnbounded();
        await().atMost(LIMIT).until(() -> received.get() == size());
    }

    @Test
    void aCancelOnTheWayOutStopsTheServer() {
        fill(300_000);

        StepVerifier.create(db.copyOut("COPY (SELECT * FROM note, pg_sleep(0)) TO STDOUT")
                        .take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
        var sleeping = db.copyOut("COPY (SELECT pg_sleep(60)) TO STDOUT").subscribe();
        await().atMost(LIMIT)
                .until(() -> server.backends(NAME).stream().anyMatch(backend -> "PgSleep".equals(backend.waitEvent())));
        sleeping.dispose();

        awaitIdle();
        assertThat(db.sql("SELECT 1").as(Integer.class).one().block(LIMIT)).isEqualTo(1);
    }

    @Test
    void anErrorOnTheWayOutIsPassedOnAndTheNextStatementIsRight() {
        fill(20_000);

        StepVerifier.create(db.copyOut("COPY (SELECT 1 / (20000 - id), text FROM note ORDER BY id) TO STDOUT")
                        .then())
                .expectErrorMatches(failure -> "22012".equals(Failures.sqlState(failure)))
                .verify(LIMIT);
        assertThat(db.sql("SELECT count(*) FROM note").as(Long.class).one().block(LIMIT))
                .isEqualTo(20_000);
    }

    @Test
    void insideATransactionBothSeeItAndNeighboursAreLeftAlone() {
        fill(100);

        List<String> seen = db.inTransaction(tx -> db.copyIn("COPY note FROM STDIN", Flux.just(buffer("101\tnew\n")))
                        .then(Mono.zip(
                                text(db.copyOut("COPY (SELECT text FROM note WHERE id > 100) TO STDOUT")),
                                db.sql("SELECT text FROM note WHERE id = 1")
                                        .as(String.class)
                                        .one(),
                                text(db.copyOut("COPY (SELECT text FROM note WHERE id < 3 ORDER BY id) TO STDOUT"))))
                        .map(all -> List.of(all.getT1(), all.getT2(), all.getT3())))
                .block(LIMIT);

        assertThat(seen).containsExactly("new\n", "note 1", "note 1\nnote 2\n");
    }

    @Test
    void anythingElseIsRefused() {
        for (String sql : List.of(
                "SELECT 1",
                "COPY note TO STDOUT",
                "COPY note FROM STDIN; DROP TABLE note",
                "COPY note FROM '/tmp/x'")) {
            assertThatThrownBy(() -> db.copyIn(sql, Flux.empty())).isInstanceOf(StatementException.class);
        }
        for (String sql : List.of("SELECT 1", "COPY note FROM STDIN", "COPY note TO STDOUT; DROP TABLE note")) {
            assertThatThrownBy(() -> db.copyOut(sql)).isInstanceOf(StatementException.class);
        }
    }

    private void fill(int rows) {
        server.execute(
                "INSERT INTO %s.note SELECT i, 'note ' || i FROM generate_series(1, %d) i".formatted(SCHEMA, rows));
    }

    private void awaitIdle() {
        await().atMost(LIMIT)
                .until(() -> server.backends(NAME).stream().allMatch(backend -> "idle".equals(backend.state())));
    }

    private long count() {
        return server.query("SELECT count(*) FROM " + SCHEMA + ".note", row -> row.getLong(1))
                .get(0);
    }

    private String digest() {
        return server.query(
                        "SELECT md5(string_agg(id || text, ',' ORDER BY id)) FROM " + SCHEMA + ".note",
                        row -> row.getString(1))
                .get(0);
    }

    private long size() {
        return server.query("SELECT sum(length(id || text) + 2) FROM " + SCHEMA + ".note", row -> row.getLong(1))
                .get(0);
    }

    private static Mono<String> text(Flux<ByteBuffer> data) {
        return data.map(piece -> UTF_8.decode(piece).toString()).collectList().map(pieces -> String.join("", pieces));
    }

    private static byte[] whole(Flux<ByteBuffer> data) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        data.doOnNext(piece -> all.write(piece.array(), piece.arrayOffset() + piece.position(), piece.remaining()))
                .blockLast(LIMIT);
        return all.toByteArray();
    }

    private static List<ByteBuffer> cut(byte[] whole, Random random) {
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int at = 0; at < whole.length; ) {
            int length = Math.min(whole.length - at, random.nextInt(8_000));
            pieces.add(ByteBuffer.wrap(whole, at, length));
            at += length;
        }
        return pieces;
    }

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }
}
