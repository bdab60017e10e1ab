package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Rows as they are asked for: the server stands still when nobody asks, and a stream can be cut short anywhere. */
@DatabaseTest
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class StreamingIT {

    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final boolean COMMIT = "commit".equals(System.getProperty("scale", "commit"));
    private static final int ROWS = COMMIT ? 40_000 : 1_000_000;
    private static final int FEW = 10_000;
    private static final int CUTS = COMMIT ? 60 : 1_000;

    /**
     * A sequence counts how many rows the server has made. Half of all rows, 100 MB, is more than kernels hold back for a
     * reader that stands still: Linux lets a socket's buffers grow to 36 MB where it is told so, and the port of a
     * container is two sockets more.
     */
    private static final String COUNTED =
            "SELECT nextval('made')::text || repeat('x', 5000) FROM generate_series(1, :rows)";

    private final TestDatabase server = TestDatabase.get();
    private final String schema = TestDatabase.schema(StreamingIT.class);
    private Database db;

    @BeforeEach
    void open() {
        server.freshSchema(StreamingIT.class);
        server.execute("CREATE SEQUENCE " + schema + ".made; CREATE TABLE " + schema + ".note (n int)");
        db = Database.builder(server.url(StreamingIT.class))
                .pool(PoolSettings.builder().maxSize(1).build())
                .build();
    }

    @AfterEach
    void close() {
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(StreamingIT.class));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100})
    void theServerMakesNoMoreThanWasAskedFor(int fetchSize) {
        StepVerifier.create(rows(db, fetchSize), 10)
                .expectNextCount(10)
                .then(this::isStandingStill)
                .then(() -> assertThat(made()).isLessThan(ROWS / 2))
                .thenRequest(10)
                .expectNextCount(10)
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(ROWS - 20)
                .expectComplete()
                .verify(LIMIT);
        assertThat(made()).isEqualTo(ROWS);
    }

    private void isStandingStill() {
        long[] before = {-1};
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(200)).until(() -> before[0] == (before[0] = made()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100})
    void aStreamCutShortUndoesNothing(int fetchSize) {
        db.inTransaction(tx -> tx.sql("INSERT INTO note VALUES (1)")
                        .rowsUpdated()
                        .thenMany(rows(tx, fetchSize).take(10))
                        .then(tx.sql("INSERT INTO note VALUES (2)").rowsUpdated()))
                .block(LIMIT);

        assertThat(notes()).isEqualTo(2);
    }

    @Test
    void inATransactionACutCostsOnePortion() {
        Long made = db.inTransaction(tx -> rows(tx, 100)
                        .take(150)
                        .then(tx.sql("SELECT last_value FROM made")
                                .as(Long.class)
                                .one()))
                .block(LIMIT);

        assertThat(made).isEqualTo(200);
    }

    @Test
    void aSessionGoesOnAfterACut() {
        Long sum = db.inSession(session -> Flux.range(1, CUTS)
                        .concatMap(i -> rows(session, i % 30, FEW)
                                .take(i % 70)
                                .then(session.sql("SELECT :i")
                                        .bind("i", i)
                                        .as(Long.class)
                                        .one()))
                        .reduce(0L, Long::sum))
                .block(LIMIT);

        assertThat(sum).isEqualTo(CUTS * (CUTS + 1L) / 2);
    }

    @Test
    void theConnectionIsKeptAfterACut() {
        int pid = pid();

        for (int i = 0; i < CUTS; i++) {
            rows(db, 20, FEW).take(1 + i % 70).blockLast(LIMIT);
        }

        assertThat(pid()).isEqualTo(pid);
    }

    @Test
    void aRowThatCannotBeMadeFailsTheStream() {
        Flux<Long> rows = db.sql("SELECT 10 / (50 - n) FROM generate_series(1, :rows) n")
                .bind("rows", 100)
                .fetchSize(7)
                .as(Long.class)
                .all();

        StepVerifier.create(rows, 1)
                .expectNextCount(1)
                .thenRequest(Long.MAX_VALUE)
                .expectNextCount(48)
                .expectErrorMatches(failure -> "22012".equals(Failures.sqlState(failure)))
                .verify(LIMIT);
        assertThat(pid()).isPositive();
    }

    @Test
    void severalStatementsAreSentAsOneText() {
        List<Integer> rows = db.sql("SELECT 1; SELECT 2")
                .fetchSize(1)
                .as(Integer.class)
                .all()
                .collectList()
                .block(LIMIT);

        assertThat(rows).containsExactly(1, 2);
    }

    @Test
    void whatEndsAtAPortionsEndCompletes() {
        for (int rows : new int[] {0, 1, 9, 10, 11, 20}) {
            assertThat(db.sql("SELECT n FROM generate_series(1, :rows) n")
                            .bind("rows", rows)
                            .fetchSize(10)
                            .as(Integer.class)
                            .all()
                            .collectList()
                            .block(LIMIT))
                    .hasSize(rows);
        }
        assertThat(db.sql("CREATE TABLE made_here (n int)")
                        .fetchSize(10)
                        .as(Long.class)
                        .all()
                        .collectList()
                        .block(LIMIT))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5_000})
    void aSmallHeapIsEnough(int fetchSize) throws IOException, InterruptedException {
        String said = read(COMMIT ? 40_000 : 1_000_000, fetchSize, "-Xmx64m");

        String figures = said.lines()
                .filter(line -> line.startsWith("live "))
                .findFirst()
                .orElseThrow();
        System.out.printf("fetch size %d: %s%n", fetchSize, figures);
        assertThat(Integer.parseInt(figures.substring("live ".length(), figures.indexOf(" MB"))))
                .as(figures)
                .isLessThan(32);
    }

    @Test
    void noBufferIsLeftBehind() throws IOException, InterruptedException {
        assertThat(read(COMMIT ? 30_000 : 300_000, 0, "-Dio.netty.leakDetection.level=paranoid"))
                .doesNotContain("LEAK:");
    }

    /** Reads in a JVM of its own and returns what that says. */
    private String read(int rows, int fetchSize, String option) throws IOException, InterruptedException {
        Process reader = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        option,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StreamReader.class.getName(),
                        server.url(StreamingIT.class),
                        Integer.toString(rows),
                        Integer.toString(fetchSize))
                .redirectErrorStream(true)
                .start();
        String said = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(reader.waitFor()).as(said).isZero();
        return said;
    }

    private static Flux<String> rows(SqlClient client, int fetchSize) {
        return rows(client, fetchSize, ROWS);
    }

    private static Flux<String> rows(SqlClient client, int fetchSize, int rows) {
        return client.sql(COUNTED)
                .bind("rows", rows)
                .fetchSize(fetchSize)
                .as(String.class)
                .all();
    }

    private long made() {
        return server.query(
                        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + schema + ".made",
                        row -> row.getLong(1))
                .get(0);
    }

    private long notes() {
        return db.sql("SELECT count(*) FROM note").as(Long.class).one().block(LIMIT);
    }

    private int pid() {
        return db.sql("SELECT pg_backend_pid()").as(Integer.class).one().block(LIMIT);
    }
}
