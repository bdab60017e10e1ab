package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The operator form and the unit of work, to each of their endings. */
@DatabaseTest
class TransactionFormsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final IllegalArgumentException workFailed = new IllegalArgumentException("work failed");
    private final TestDatabase server = TestDatabase.get();
    private final String note = TestDatabase.schema(TransactionFormsIT.class) + ".note";
    private final List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(server.url(TransactionFormsIT.class))
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY)");
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
        server.awaitNoBackends(TestDatabase.applicationName(TransactionFormsIT.class));
    }

    @Test
    void theOperatorFormOfAMonoCommitsOrRollsBack() {
        StepVerifier.create(write("a").then(write("b")).as(db::transactional))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(write("c").then(Mono.<Long>error(workFailed)).as(db::transactional))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        cancelledAfterTheWrite(write("d").then(Mono.<Long>never()).as(db::transactional));

        assertThat(notes()).containsExactly("a", "b");
        assertThat(outcomes)
                .containsExactly(
                        TransactionOutcome.COMMITTED, TransactionOutcome.ROLLED_BACK, TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void theOperatorFormOfAFluxCommitsOrRollsBack() {
        StepVerifier.create(Flux.just("a", "b").concatMap(this::write).as(db::transactional))
                .expectNext(1L, 1L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(Flux.just("c", "a").concatMap(this::write).as(db::transactional))
                .expectNext(1L)
                .expectError()
                .verify(LIMIT);
        StepVerifier.create(Flux.just("d", "e", "f")
                        .concatMap(this::write)
                        .as(db::transactional)
                        .next())
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);

        await().atMost(LIMIT).until(() -> db.stats().recovering() == 0);
        assertThat(notes()).containsExactly("a", "b");
    }

    @Test
    void aUnitOfWorkCommitsWhenTold() {
        StepVerifier.create(
                        db.inUnitOfWork(unit -> write("a").then(unit.commit()).thenReturn("done")))
                .expectNext("done")
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");
        assertThat(outcomes).containsExactly(TransactionOutcome.COMMITTED);
    }

    @Test
    void everyOtherWayOutOfAUnitRollsBack() {
        StepVerifier.create(db.inUnitOfWork(unit -> write("a")))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.inUnitOfWork(unit -> write("b").then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        cancelledAfterTheWrite(db.inUnitOfWork(unit -> write("c").then(Mono.<Long>never())));
        StepVerifier.create(db.inUnitOfWork(
                        TransactionOptions.defaults().deadline(Duration.ofMillis(200)),
                        unit -> write("d").then(Mono.never())))
                .expectError(TransactionTimeoutException.class)
                .verify(LIMIT);

        assertThat(notes()).isEmpty();
        assertThat(outcomes).hasSize(4).containsOnly(TransactionOutcome.ROLLED_BACK);
    }

    @Test
    void whatFollowsTheCommitOfAUnitCannotUndoIt() {
        StepVerifier.create(
                        db.inUnitOfWork(unit -> write("a").then(unit.commit()).then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        StepVerifier.create(
                        db.inUnitOfWork(unit -> write("b").then(unit.commit()).then(write("c"))))
                .expectError(ScopeEndedException.class)
                .verify(LIMIT);
        StepVerifier.create(db.inUnitOfWork(
                        unit -> write("d").then(write("a").onErrorComplete()).then(unit.commit())))
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);

        assertThat(notes()).containsExactly("a", "b");
    }

    @Test
    void aUnitInsideATransactionStandsBesideIt() {
        StepVerifier.create(db.inTransaction(tx ->
                        db.inUnitOfWork(unit -> write("a").then(unit.commit())).then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");
        assertThatThrownBy(() -> db.inUnitOfWork(
                        TransactionOptions.defaults().propagation(Propagation.MANDATORY), UnitOfWork::commit))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("inUnitOfWork, was MANDATORY");
    }

    private void cancelledAfterTheWrite(Mono<Long> work) {
        StepVerifier.create(work)
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(TestDatabase.applicationName(TransactionFormsIT.class)).stream()
                                .anyMatch(b -> "idle in transaction".equals(b.state())
                                        && String.valueOf(b.query()).contains("INSERT"))))
                .thenCancel()
                .verify(LIMIT);
        await().atMost(LIMIT).until(() -> db.stats().recovering() == 0);
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    /** Writes as a repository does that knows only the database. */
    private Mono<Long> write(String text) {
        return db.sql("INSERT INTO note VALUES ($1)").bind(1, text).rowsUpdated();
    }
}
