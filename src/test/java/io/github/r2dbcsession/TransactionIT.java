package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@DatabaseTest
class TransactionIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private final IllegalArgumentException workFailed = new IllegalArgumentException("work failed");

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(TransactionIT.class);
    private final String note = TestDatabase.schema(TransactionIT.class) + ".note";
    private final List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(server.url(TransactionIT.class))
            .pool(PoolSettings.builder().maxSize(3).build())
            .build();

    /** A repository that knows only the database. */
    private final SqlClient repository = db;

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)");
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
        server.awaitNoBackends(name);
    }

    @Test
    void commitsWhenTheWorkCompletes() {
        StepVerifier.create(db.inTransaction(
                        tx -> write(tx, "a").then(write(tx, "b")).thenReturn("done")))
                .expectNext("done")
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).containsExactly("a", "b");
        assertThat(outcomes).containsExactly(TransactionOutcome.COMMITTED);
    }

    @Test
    void commitsWhenTheWorkIsEmpty() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").then()))
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).containsExactly("a");
    }

    @Test
    void theCommitIsDoneBeforeTheResultIsEmitted() {
        List<String> seen = db.inTransaction(tx -> write(tx, "a").thenReturn(1))
                .publishOn(Schedulers.boundedElastic())
                .map(one -> notes())
                .block(LIMIT);

        assertThat(seen).containsExactly("a");
    }

    @Test
    void rollsBackWhenTheWorkFails() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
        await("a rolled back connection is kept")
                .atMost(LIMIT)
                .until(() -> db.stats().idle() == 1);
    }

    @Test
    void rollsBackWhenTheCallbackThrows() {
        StepVerifier.create(db.inTransaction(tx -> {
                    throw workFailed;
                }))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
    }

    @Test
    void rollsBackWhenAStatementFails() {
        StepVerifier.create(db.inTransaction(
                        tx -> write(tx, "a").then(tx.sql("SELECT 1/0").rowsUpdated())))
                .expectErrorMessage("division by zero")
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
    }

    @Test
    void rollsBackWhenCancelled() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").then(Mono.never())))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(name).stream()
                                .anyMatch(b -> "idle in transaction".equals(b.state())
                                        && String.valueOf(b.query()).contains("INSERT"))))
                .thenCancel()
                .verify(LIMIT);

        await().atMost(LIMIT).until(() -> db.stats().recovering() == 0);
        assertThat(notes()).isEmpty();
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
        assertThat(server.backends(name)).noneMatch(backend -> "idle in transaction".equals(backend.state()));
    }

    @Test
    void aSwallowedStatementErrorIsNotACommit() {
        Mono<Long> swallowed = db.inTransaction(
                tx -> write(tx, "a").then(tx.sql("SELECT 1/0").rowsUpdated().onErrorReturn(0L)));

        StepVerifier.create(swallowed)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionRolledBackException.class)
                        .hasRootCauseMessage("division by zero"))
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void aCommitThatFailsArrivesAsTheServersError() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").then(write(tx, "a"))))
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
        assertThat(outcomes).containsExactly(TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void aBackendLostBeforeTheCommitIsAnError() {
        Mono<Long> lost = db.inTransaction(tx -> write(tx, "a")
                .then(tx.sql("SELECT pg_backend_pid()").as(Integer.class).one())
                .publishOn(Schedulers.boundedElastic())
                .doOnNext(pid -> {
                    server.execute("SELECT pg_terminate_backend(" + pid + ")");
                    await().atMost(LIMIT)
                            .until(() -> db.stats().allocated() <= 1
                                    && server.backends(name).isEmpty());
                })
                .then(write(tx, "b")));

        StepVerifier.create(lost).expectError().verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void elementsAreEmittedAsTheyComeAndTheCommitFollows() {
        StepVerifier.create(db.inTransactionMany(tx ->
                        Flux.just("a", "b").concatMap(text -> write(tx, text).thenReturn(text))))
                .expectNext("a", "b")
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).containsExactly("a", "b");
    }

    @Test
    void aStreamThatFailsOrIsCutShortRollsBack() {
        StepVerifier.create(db.inTransactionMany(
                        tx -> write(tx, "a").thenMany(Flux.concat(Flux.just(1), Flux.error(workFailed)))))
                .expectNext(1)
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        StepVerifier.create(db.inTransactionMany(tx -> write(tx, "b").thenMany(Flux.range(0, 100)))
                        .take(1))
                .expectNext(0)
                .expectComplete()
                .verify(LIMIT);

        await().atMost(LIMIT).until(() -> db.stats().recovering() == 0);
        assertThat(notes()).isEmpty();
    }

    @Test
    void aRepositoryBuiltOnTheDatabaseJoins() {
        StepVerifier.create(db.inTransaction(tx ->
                        write(repository, "a").then(write(repository, "b")).then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(tx -> pid(tx).zipWith(pid(repository), Long::equals)))
                .expectNext(true)
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
    }

    @Test
    void aSessionAskedForInsideJoinsToo() {
        StepVerifier.create(db.inTransaction(tx -> pid(tx).zipWith(db.inSession(TransactionIT::pid), Long::equals)))
                .expectNext(true)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aTransactionInsideATransactionJoins() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "outer")
                        .then(db.inTransaction(inner -> write(inner, "inner")))
                        .then(pidsEqual(tx))))
                .expectNext(true)
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).containsExactly("inner", "outer");
        assertThat(outcomes).containsExactly(TransactionOutcome.COMMITTED);
    }

    @Test
    void anErrorThatLeavesJoinedWorkRollsTheOuterOneBack() {
        Mono<Long> swallowed = db.inTransaction(tx -> write(tx, "outer")
                .then(db.inTransaction(inner -> Mono.<Long>error(workFailed)).onErrorReturn(0L)));

        StepVerifier.create(swallowed)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(TransactionRolledBackException.class)
                        .hasCause(workFailed))
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void joinedWorkCannotCommitButCanAskForRollback() {
        StepVerifier.create(db.inTransaction(tx -> db.inTransaction(Transaction::commit)))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").then(db.inTransaction(Transaction::rollback))))
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
    }

    @Test
    void workInABlockCannotCommitItButCanAskForRollback() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a").then(tx.commit())))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("commits when its work ends"))
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(tx -> write(tx, "b").then(tx.rollback())))
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
        assertThat(db.inTransaction(tx ->
                                write(tx, "c").delayUntil(written -> tx.commit().onErrorComplete()))
                        .block(LIMIT))
                .isEqualTo(1);
        assertThat(notes()).containsExactly("c");
    }

    @Test
    void anyNumberOfStatementsCanStartSideBySide() {
        Flux<Integer> many = Flux.range(0, 1_000);

        StepVerifier.create(db.inTransaction(tx -> many.flatMap(
                                i -> tx.sql("SELECT 1").as(Integer.class).one(), 1_000)
                        .count()))
                .expectNext(1_000L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.inSession(session -> many.flatMap(
                                i -> session.sql("SELECT $1::int")
                                        .bind(1, i)
                                        .as(Integer.class)
                                        .one(),
                                1_000)
                        .collectList()))
                .expectNext(many.collectList().block())
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void theHandleFormCommits() {
        StepVerifier.create(handle(tx -> write(tx, "a").then(tx.bind(write(repository, "b")))))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).containsExactly("a", "b");
    }

    @Test
    void theHandleFormRollsBackOnErrorAndOnCancel() {
        StepVerifier.create(handle(tx -> write(tx, "a").then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        StepVerifier.create(handle(tx -> write(tx, "b").then(Mono.never())))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(name).stream()
                                .anyMatch(b -> "idle in transaction".equals(b.state())
                                        && String.valueOf(b.query()).contains("INSERT"))))
                .thenCancel()
                .verify(LIMIT);

        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        assertThat(notes()).isEmpty();
    }

    @Test
    void anEndedTransactionIsOfNoUse() {
        AtomicReference<Transaction> escaped = new AtomicReference<>();
        db.inTransaction(tx -> Mono.fromRunnable(() -> escaped.set(tx))).block(LIMIT);
        Transaction ended = escaped.get();

        StepVerifier.create(write(ended, "late"))
                .expectError(ScopeEndedException.class)
                .verify(LIMIT);
        StepVerifier.create(ended.bind(write(repository, "late")))
                .expectError(ScopeEndedException.class)
                .verify(LIMIT);
        StepVerifier.create(ended.commit())
                .expectError(ScopeEndedException.class)
                .verify(LIMIT);
        StepVerifier.create(ended.rollback()).expectComplete().verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void branchesOfOneTransactionShareItsConnection() {
        StepVerifier.create(db.inTransaction(
                        tx -> Flux.range(0, 50).flatMap(i -> write(tx, "n" + i)).count()))
                .expectNext(50L)
                .expectComplete()
                .verify(LIMIT);

        assertThat(notes()).hasSize(50);
    }

    private Mono<Long> handle(java.util.function.Function<Transaction, Mono<Long>> work) {
        return Mono.usingWhen(
                db.beginTransaction(),
                work,
                Transaction::commit,
                (tx, failure) -> tx.rollback(),
                Transaction::rollback);
    }

    private Mono<Boolean> pidsEqual(Transaction tx) {
        return pid(tx).zipWith(db.inTransaction(TransactionIT::pid), Long::equals);
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private static Mono<Long> pid(SqlClient client) {
        return client.sql("SELECT pg_backend_pid()").as(Long.class).one();
    }

    private static Mono<Long> write(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES (:text)").bind("text", text).rowsUpdated();
    }
}
