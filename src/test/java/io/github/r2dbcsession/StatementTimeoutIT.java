package io.github.r2dbcsession;

import static io.github.r2dbcsession.StatementCancelledException.By;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.BlackHole;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy.Way;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/** Statements that have so much time: they end by it on the server too, and nobody else is hurt. */
@DatabaseTest
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class StatementTimeoutIT {

    private static final Duration SHORT = Duration.ofMillis(150);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ROUNDS = "commit".equals(System.getProperty("scale", "commit")) ? 60 : 5_000;
    private static final int BLOCKS = ROUNDS / 10;
    private static final String SLEEP = "SELECT pg_sleep(60)";

    private final TestDatabase server = TestDatabase.get();
    private final String application = TestDatabase.applicationName(StatementTimeoutIT.class);
    private Database db;

    @BeforeEach
    void open() {
        server.freshSchema(StatementTimeoutIT.class);
        server.execute("CREATE TABLE " + TestDatabase.schema(StatementTimeoutIT.class) + ".note (text text)");
        db = Database.builder(server.url(StatementTimeoutIT.class))
                .name("shop")
                .pool(PoolSettings.builder().maxSize(1).build())
                .build();
    }

    @AfterEach
    void close() {
        db.close().block(LIMIT);
        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ? AND state = 'idle'",
                row -> row.getBoolean(1),
                application);
        server.awaitNoBackends(application);
    }

    @Test
    void theServerStopsToo() {
        int pid = pid(db);

        StatementCancelledException stopped =
                cancelled(db.sql(SLEEP).timeout(SHORT).rowsUpdated());

        assertThat(stopped.by()).isEqualTo(By.DEADLINE);
        assertThat(stopped.getSqlState()).isEqualTo("57014");
        assertThat(stopped)
                .hasMessageContaining("stopped work in the database shop")
                .hasMessageContaining("give it more");
        nothingRuns();
        assertThat(pid(db)).as("the connection has been kept").isEqualTo(pid);
    }

    @Test
    void whatEndsInTimeIsNotTouched() {
        int pid = pid(db);

        Long sum = db.inSession(session -> Flux.range(1, 50)
                        .concatMap(i -> session.sql("SELECT :i")
                                .bind("i", i)
                                .timeout(LIMIT)
                                .as(Long.class)
                                .one())
                        .reduce(0L, Long::sum))
                .block(LIMIT);

        assertThat(sum).isEqualTo(1_275);
        assertThat(pid(db)).isEqualTo(pid);
    }

    @Test
    void nothingOfAStoppedWriteStays() {
        Mono<Long> write = db.sql("INSERT INTO note SELECT 'a' FROM pg_sleep(60)")
                .timeout(SHORT)
                .rowsUpdated();

        assertThat(cancelled(write).by()).isEqualTo(By.DEADLINE);
        assertThat(notes()).isZero();
    }

    @Test
    void aTransactionIsFailedAsPostgresDoesIt() {
        Mono<Long> caught = db.inTransaction(tx -> note(tx, "a")
                .then(tx.sql(SLEEP).timeout(SHORT).rowsUpdated())
                .onErrorResume(StatementCancelledException.class, stopped -> Mono.just(0L)));

        assertThatThrownBy(() -> caught.block(LIMIT))
                .isInstanceOf(TransactionRolledBackException.class)
                .hasCauseInstanceOf(StatementCancelledException.class);
        assertThat(notes()).isZero();
        assertThat(cancelled(db.inTransaction(tx ->
                                note(tx, "a").then(tx.sql(SLEEP).timeout(SHORT).rowsUpdated())))
                        .by())
                .isEqualTo(By.DEADLINE);
        assertThat(notes()).isZero();
    }

    @Test
    void behindASavepointOnlyTheNestedWorkIsUndone() {
        TransactionOptions nested = TransactionOptions.defaults().propagation(Propagation.NESTED);

        db.inTransaction(tx -> note(tx, "outer")
                        .then(db.inTransaction(
                                        nested,
                                        inner -> note(inner, "inner")
                                                .then(inner.sql(SLEEP)
                                                        .timeout(SHORT)
                                                        .rowsUpdated()))
                                .onErrorResume(StatementCancelledException.class, stopped -> Mono.just(0L)))
                        .then(note(tx, "after")))
                .block(LIMIT);

        assertThat(notes()).isEqualTo(2);
    }

    @Test
    void aSessionGoesOn() {
        Long answer = db.inSession(session -> session.sql(SLEEP)
                        .timeout(SHORT)
                        .rowsUpdated()
                        .onErrorResume(StatementTimeoutIT::isOverdue, stopped -> Mono.just(0L))
                        .then(session.sql("SELECT 7").as(Long.class).one()))
                .block(LIMIT);

        assertThat(answer).isEqualTo(7);
    }

    /** Statements that end just when their time does, with others of the same session right behind them. */
    @Test
    void theRequestMeetsNoOther() {
        long seed = System.nanoTime();
        Random random = new Random(seed);

        Long stopped = Flux.range(0, BLOCKS)
                .concatMap(block -> db.inSession(session -> stoppedOf(session, random))
                        // On a machine at a standstill a request may not arrive in time; the connection is then closed.
                        .onErrorResume(
                                R2dbcException.class,
                                lost -> String.valueOf(lost.getSqlState()).matches("08.*|40003")
                                        ? Mono.just(0L)
                                        : Mono.error(lost)))
                .reduce(0L, Long::sum)
                .block(LIMIT.plusMillis(100L * ROUNDS));

        System.out.printf("%d of %d statements stopped, seed %d%n", stopped, ROUNDS, seed);
        assertThat(stopped).as("seed %d", seed).isGreaterThanOrEqualTo(BLOCKS / 2);
    }

    /** Runs statements whose time is over about when they end, one in ten long before, each with two innocent ones behind it. */
    private static Mono<Long> stoppedOf(Session session, Random random) {
        return Flux.range(0, ROUNDS / BLOCKS)
                .concatMap(i -> {
                    int millis = 3 + random.nextInt(8);
                    Mono<Long> limited = session.sql(i == 0 ? SLEEP : sleep(millis))
                            .timeout(Duration.ofMillis(millis))
                            .rowsUpdated()
                            .then(Mono.just(0L))
                            .onErrorResume(StatementTimeoutIT::isOverdue, late -> Mono.just(1L));
                    Mono<Long> innocent = session.sql("SELECT pg_sleep(0.003)").rowsUpdated();
                    return Mono.zip(limited, innocent, innocent).map(results -> results.getT1());
                })
                .reduce(0L, Long::sum);
    }

    @Test
    void theNextBorrowerIsNotHit() {
        long seed = System.nanoTime();
        Random random = new Random(seed);

        Flux.range(0, ROUNDS)
                .concatMap(i -> {
                    int millis = 3 + random.nextInt(8);
                    return db.sql(sleep(millis))
                            .timeout(Duration.ofMillis(millis))
                            .rowsUpdated()
                            .onErrorResume(StatementTimeoutIT::isOverdue, late -> Mono.just(1L))
                            .then(db.sql("SELECT pg_sleep(0.003)").rowsUpdated());
                })
                .then()
                .as(rounds -> StepVerifier.create(rounds).expectComplete())
                .verify(LIMIT.plusMillis(100L * ROUNDS));
    }

    @Test
    void aDefaultCanBeGivenAndOverruled() {
        Database hurried = Database.builder(server.url(StatementTimeoutIT.class))
                .statementTimeout(SHORT)
                .pool(PoolSettings.builder().maxSize(1).build())
                .build();
        String longer = "SELECT pg_sleep(0.5)";

        assertThat(cancelled(hurried.sql(SLEEP).rowsUpdated()).by()).isEqualTo(By.DEADLINE);
        cancelled(hurried.inSession(session -> session.sql(SLEEP).rowsUpdated()));
        cancelled(hurried.sessionScope(hurried.inSession(s -> s.sql(SLEEP).rowsUpdated())));
        cancelled(hurried.inTransaction(tx -> tx.sql(SLEEP).rowsUpdated()));
        cancelled(db.inSession(s -> s.withTimeout(SHORT).sql(SLEEP).rowsUpdated()));
        assertThat(hurried.sql(longer).timeout(LIMIT).rowsUpdated().block(LIMIT))
                .isEqualTo(1);
        assertThat(hurried.inTransaction(
                                TransactionOptions.defaults().statementTimeout(LIMIT),
                                tx -> tx.sql(longer).rowsUpdated())
                        .block(LIMIT))
                .isEqualTo(1);
        hurried.close().block(LIMIT);
    }

    @Test
    void aSubscriberWhoDoesNotAskForRowsHasNoMoreTime() {
        String rows = "SELECT repeat('x', 1000) FROM generate_series(1, :n)";
        Duration enough = Duration.ofMillis(500);
        for (int fetchSize : new int[] {0, 10}) {
            Flux<String> stream = db.sql(rows)
                    .bind("n", 50_000)
                    .timeout(enough)
                    .fetchSize(fetchSize)
                    .as(String.class)
                    .all();

            StepVerifier.create(stream, 3)
                    .expectNextCount(3)
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOfSatisfying(
                                    StatementCancelledException.class,
                                    stopped -> assertThat(stopped.by()).isEqualTo(By.DEADLINE)))
                    .verify(LIMIT);
            assertThat(pid(db)).isPositive();
        }
    }

    @Test
    void aCancelBeforeTheLimitGivesTheConnectionBack() {
        StepVerifier.create(db.sql(SLEEP).timeout(LIMIT).rowsUpdated())
                .expectSubscription()
                .thenAwait(Duration.ofMillis(50))
                .thenCancel()
                .verify(LIMIT);

        assertThat(pid(db)).isPositive();
        nothingRuns();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aStoppedServerProcessIsNotWaitedFor() {
        assumeTrue(server.isLocal(), "the server's processes are not here to be stopped");
        try (BlackHole hole = BlackHole.stoppedBackends(server, StatementTimeoutIT.class)) {
            holds(hole);
        }
    }

    @Test
    void aSilentLinkIsNotWaitedFor() {
        try (BlackHole hole =
                BlackHole.swallowing(server, StatementTimeoutIT.class, Set.of(Way.TO_SERVER, Way.TO_CLIENT))) {
            holds(hole);
        }
    }

    /** A read, a write and a transaction, each on a connection that gives no answer any more. */
    private void holds(BlackHole hole) {
        Database lost = Database.builder(hole.url())
                .pool(PoolSettings.builder().maxSize(1).build())
                .drainTime(Duration.ZERO)
                .build();
        assertThat(unanswered(
                        hole,
                        lost,
                        session -> session.sql("SELECT 2").timeout(SHORT).rowsUpdated()))
                .isInstanceOfSatisfying(
                        StatementCancelledException.class,
                        stopped -> assertThat(stopped.by()).isEqualTo(By.DEADLINE));
        assertThat(unanswered(hole, lost, session -> note(session.withTimeout(SHORT), "a")))
                .isInstanceOf(StatementUnknownException.class);
        R2dbcException inTransaction = heals(
                hole,
                lost,
                lost.inTransaction(tx -> note(tx, "b").then(strike(hole)).then(note(tx.withTimeout(SHORT), "c"))));
        assertThat(inTransaction).isInstanceOf(StatementCancelledException.class);
        lost.close().block(LIMIT);
    }

    private R2dbcException unanswered(BlackHole hole, Database lost, Function<Session, Mono<Long>> work) {
        return heals(
                hole,
                lost,
                lost.inSession(session -> session.sql("SELECT 1")
                        .rowsUpdated()
                        .then(strike(hole))
                        .then(Mono.defer(() -> work.apply(session)))));
    }

    private static Mono<Void> strike(BlackHole hole) {
        return Mono.<Void>fromRunnable(hole::strike).subscribeOn(Schedulers.boundedElastic());
    }

    private R2dbcException heals(BlackHole hole, Database lost, Mono<?> work) {
        R2dbcException failure = failure(R2dbcException.class, work);
        hole.heal();
        assertThat(lost.sql("SELECT 1").rowsUpdated().block(LIMIT)).isEqualTo(1);
        return failure;
    }

    /** The answer comes when the caller has been told: what follows on the session waits for it, and nothing is sent before. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void whatFollowsWaitsForAnAnswerThatIsLate() {
        assumeTrue(server.isLocal(), "the server's processes are not here to be stopped");
        try (BlackHole hole = BlackHole.stoppedBackends(server, StatementTimeoutIT.class)) {
            List<Object> told = db.inSession(session -> session.sql("SELECT 1")
                            .rowsUpdated()
                            .then(strike(hole))
                            .then(Mono.defer(() -> note(session.withTimeout(SHORT), "a")))
                            .<Object>map(rows -> rows)
                            .onErrorResume(
                                    StatementUnknownException.class,
                                    unknown -> Mono.fromCallable(() -> {
                                                hole.heal();
                                                return (Object) unknown;
                                            })
                                            .subscribeOn(Schedulers.boundedElastic()))
                            .concatWith(session.sql("SELECT count(*) FROM note")
                                    .as(Long.class)
                                    .one())
                            .collectList())
                    .block(LIMIT);

            assertThat(told).hasSize(2);
            assertThat(told.get(0)).isInstanceOf(StatementUnknownException.class);
            assertThat(told.get(1)).isEqualTo(notes());
        }
    }

    @Test
    void whoStoppedItOnTheServersSideIsTold() throws SQLException {
        Mono<Long> own = db.inSession(session -> session.sql("SET statement_timeout = 100")
                .rowsUpdated()
                .then(session.sql(SLEEP).rowsUpdated()));
        assertThat(cancelled(own).by()).isEqualTo(By.STATEMENT_TIMEOUT);

        try (Connection other = server.open("locker")) {
            other.setAutoCommit(false);
            String table = TestDatabase.schema(StatementTimeoutIT.class) + ".note";
            other.createStatement().execute("LOCK TABLE " + table);
            TransactionOptions impatient = TransactionOptions.defaults().lockTimeout(Duration.ofMillis(100));
            StatementCancelledException waiting = cancelled(db.inTransaction(impatient, tx -> note(tx, "a")));
            assertThat(waiting.by()).isEqualTo(By.LOCK_TIMEOUT);
            assertThat(waiting.getSqlState()).isEqualTo("55P03");
            R2dbcException notWaiting = failure(
                    R2dbcException.class,
                    db.inTransaction(tx -> tx.sql("LOCK TABLE note NOWAIT").rowsUpdated()));
            assertThat(notWaiting).isNotInstanceOf(StatementCancelledException.class);
            assertThat(notWaiting.getSqlState()).isEqualTo("55P03");
        }
    }

    @Test
    void aLimitMustBeOneThatPostgresCouldHave() {
        Query query = db.sql(SLEEP);
        assertThatThrownBy(() -> query.timeout(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("timeout must be from 1 to 2147483647 ms");
        assertThatThrownBy(() -> query.fetchSize(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> db.withTimeout(Duration.ofDays(100))).isInstanceOf(IllegalArgumentException.class);
    }

    /** On a busy machine the server may be too late to say that it has stopped a write; then it is run once more. */
    private StatementCancelledException cancelled(Mono<?> work) {
        return failure(
                StatementCancelledException.class,
                work.retryWhen(Retry.max(20)
                        .filter(StatementUnknownException.class::isInstance)
                        .onRetryExhaustedThrow((spec, last) -> last.failure())));
    }

    private static boolean isOverdue(Throwable failure) {
        return failure instanceof StatementCancelledException || failure instanceof StatementUnknownException;
    }

    private static <E extends Throwable> E failure(Class<E> type, Mono<?> work) {
        Throwable[] caught = new Throwable[1];
        StepVerifier.create(work)
                .expectErrorSatisfies(failure -> caught[0] = failure)
                .verify(LIMIT);
        assertThat(caught[0]).isInstanceOf(type);
        return type.cast(caught[0]);
    }

    private void nothingRuns() {
        await().atMost(LIMIT)
                .until(() ->
                        server.backends(application).stream().noneMatch(backend -> "active".equals(backend.state())));
    }

    private long notes() {
        return db.sql("SELECT count(*) FROM note").as(Long.class).one().block(LIMIT);
    }

    private static Mono<Long> note(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES (:text)").bind("text", text).rowsUpdated();
    }

    private static int pid(Database db) {
        return db.sql("SELECT pg_backend_pid()").as(Integer.class).one().block(LIMIT);
    }

    private static String sleep(int millis) {
        return String.format(Locale.ROOT, "SELECT pg_sleep(%.3f)", millis / 1000.0);
    }
}
