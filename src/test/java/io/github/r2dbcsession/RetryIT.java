package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcRollbackException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Which work is run again, and what is seen of that. */
@DatabaseTest
class RetryIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final TransactionOptions OFTEN =
            TransactionOptions.serializable().retry(100);

    private final TestDatabase server = TestDatabase.get();
    private final String schema = TestDatabase.schema(RetryIT.class);
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final Database db = Database.builder(wire.url(RetryIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(8).build())
            .build();
    private final AtomicInteger runs = new AtomicInteger();
    private final List<String> retries = new CopyOnWriteArrayList<>();
    private final AtomicInteger refused = new AtomicInteger();
    private final List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
    private volatile Runnable onRetry = () -> {};

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + schema + ".counter");
        server.execute("CREATE TABLE " + schema + ".counter (id int PRIMARY KEY, value int)");
        server.execute("INSERT INTO " + schema + ".counter VALUES (1, 0), (2, 0)");
        server.execute("CREATE OR REPLACE FUNCTION " + schema + ".conflict() RETURNS int LANGUAGE plpgsql AS"
                + " $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$");
        watch(db);
    }

    private void watch(Database database) {
        database.listen(new DatabaseListener() {
            @Override
            public void onRetry(Throwable failure, int retry, Duration pause) {
                retries.add(retry + " after "
                        + (failure instanceof R2dbcException r2dbc ? r2dbc.getSqlState() : failure.getClass()));
                onRetry.run();
            }

            @Override
            public void onRetryRefused(Throwable failure, int retry) {
                refused.incrementAndGet();
            }

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
        wire.close();
        server.awaitNoBackends(TestDatabase.applicationName(RetryIT.class));
    }

    @Test
    void conflictingWritersAreAllAppliedOnce() {
        Flux<Long> increments = Flux.range(0, 50)
                .flatMap(i -> db.inTransaction(OFTEN, tx -> value(tx).flatMap(value -> set(tx, 1, value + 1))), 8);

        StepVerifier.create(increments.count()).expectNext(50L).expectComplete().verify(LIMIT);
        assertThat(values()).containsExactly(50, 0);
        assertThat(retries).as("there was something to retry").isNotEmpty();
        assertThat(outcomes).filteredOn(TransactionOutcome.COMMITTED::equals).hasSize(50);
    }

    @Test
    void theVictimOfADeadlockIsRunAgain() {
        Sinks.Empty<Void> bothHoldOne = Sinks.empty();
        Mono<Long> forth = db.inTransaction(
                TransactionOptions.defaults().retry(3), tx -> increment(tx, 1).then(met(bothHoldOne, tx, 2)));
        Mono<Long> back = db.inTransaction(
                TransactionOptions.defaults().retry(3), tx -> increment(tx, 2).then(met(bothHoldOne, tx, 1)));

        StepVerifier.create(Mono.when(forth, back)).expectComplete().verify(LIMIT);
        assertThat(values()).containsExactly(2, 2);
        assertThat(retries).containsExactly("1 after 40P01");
    }

    /** Goes on when both transactions have come here, and later runs at once. */
    private Mono<Long> met(Sinks.Empty<Void> both, Transaction tx, int id) {
        return Mono.defer(() -> {
            if (runs.incrementAndGet() == 2) {
                both.tryEmitEmpty();
            }
            return both.asMono().then(increment(tx, id));
        });
    }

    @Test
    void aConflictThatShowsAtTheCommitIsRunAgain() {
        server.execute("DROP SEQUENCE IF EXISTS " + schema + ".commits; CREATE SEQUENCE " + schema + ".commits");
        server.execute("CREATE OR REPLACE FUNCTION " + schema + ".at_commit() RETURNS trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN IF nextval('" + schema + ".commits') < 3 THEN RAISE EXCEPTION 'restart transaction'"
                + " USING ERRCODE = '40001'; END IF; RETURN NULL; END $$");
        server.execute("CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON " + schema + ".counter"
                + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " + schema + ".at_commit()");

        StepVerifier.create(db.inTransaction(OFTEN, tx -> counted(run -> increment(tx, 1))))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(values()).containsExactly(1, 0);
        assertThat(runs).hasValue(3);
        assertThat(retries).containsExactly("1 after 40001", "2 after 40001");
        assertThat(outcomes)
                .containsExactly(
                        TransactionOutcome.ROLLED_BACK, TransactionOutcome.ROLLED_BACK, TransactionOutcome.COMMITTED);
    }

    @Test
    void aConflictThatTheWorkSwallowedOrWrappedIsRunAgain() {
        db.inTransaction(OFTEN, tx -> counted(run -> run == 1 ? conflict(tx).onErrorReturn(0L) : Mono.just(1L)))
                .block(LIMIT);
        assertThat(runs).hasValue(2);

        db.inTransaction(
                        OFTEN,
                        tx -> counted(
                                run -> run == 3 ? conflict(tx).onErrorMap(IllegalStateException::new) : Mono.just(1L)))
                .block(LIMIT);
        assertThat(runs).hasValue(4);
    }

    @Test
    void anyOtherErrorEndsTheFirstRun() {
        fails(
                R2dbcDataIntegrityViolationException.class,
                db.inTransaction(
                        OFTEN,
                        tx -> counted(run ->
                                tx.sql("INSERT INTO counter VALUES (1, 1)").rowsUpdated())));
        fails(
                IllegalStateException.class,
                db.inTransaction(OFTEN, tx -> counted(run -> Mono.error(new IllegalStateException()))));
        fails(
                NotCommittedException.class,
                db.inTransaction(
                        OFTEN,
                        tx -> counted(run -> tx.sql("SELECT pg_terminate_backend(pg_backend_pid())")
                                .rowsUpdated())));

        assertThat(runs).hasValue(3);
        assertThat(retries).isEmpty();
    }

    @Test
    void whatMayHaveBeenCommittedIsNeverRunAgain() {
        fails(
                R2dbcRollbackException.class,
                db.inUnitOfWork(
                        OFTEN,
                        unit -> counted(run -> unit.commit()
                                .then(Mono.error(new R2dbcRollbackException("of something else", "40001"))))));
        fails(
                R2dbcRollbackException.class,
                db.inTransaction(
                        OFTEN.noRollbackOn(R2dbcRollbackException.class::isInstance),
                        tx -> counted(run -> Mono.error(new R2dbcRollbackException("of something else", "40001")))));
        wire.rewrite(sql -> sql.equals("COMMIT") ? "SELECT pg_terminate_backend(pg_backend_pid())" : sql);
        fails(CommitUnknownException.class, db.inTransaction(OFTEN, tx -> counted(run -> increment(tx, 1))));

        assertThat(runs).hasValue(3);
        assertThat(retries).isEmpty();
    }

    @Test
    void aConnectionThatIsFoundLostAtTheBeginIsReplaced() {
        StepVerifier.create(db.inTransaction(
                        OFTEN,
                        tx -> counted(run -> run == 1
                                ? Mono.fromRunnable(() -> wire.cut(Fault.RESET))
                                        .then(Mono.delay(Duration.ofMillis(200)))
                                        .then(increment(tx, 1))
                                : increment(tx, 1))))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(retries).containsExactly("1 after 08003");
        assertThat(values()).containsExactly(1, 0);
    }

    @Test
    void aServerThatRefusesIsAskedAgain() {
        Database nobody = Database.of("postgresql://u@127.0.0.1:1/d?sslmode=disable");
        watch(nobody);

        fails(
                ConnectFailedException.class,
                nobody.inTransaction(TransactionOptions.defaults().retry(3), tx -> counted(run -> Mono.just(1))));
        assertThat(retries).containsExactly("1 after 08001", "2 after 08001", "3 after 08001");
        assertThat(runs).hasValue(0);
        nobody.close().block(LIMIT);
    }

    @Test
    void retriesAddATenthToTheLoadOfAServerOnWhichNothingSucceeds() {
        Flux<Integer> callers = Flux.range(0, 60)
                .flatMap(
                        i -> db.inTransaction(
                                        TransactionOptions.defaults().retry(6), tx -> counted(run -> conflict(tx)))
                                .map(Long::intValue)
                                .onErrorResume(R2dbcRollbackException.class, failure -> Mono.just(-1)),
                        60);

        assertThat(callers.collectList().block(LIMIT)).hasSize(60).containsOnly(-1);
        assertThat(retries).hasSizeBetween(100, 106);
        assertThat(runs.get()).isEqualTo(60 + retries.size());
        assertThat(refused.get()).isPositive();
    }

    @Test
    void theDeadlineCoversAllRuns() {
        StepVerifier.create(db.inTransaction(OFTEN.deadline(Duration.ofSeconds(2)), tx -> counted(run -> conflict(tx))))
                .expectErrorSatisfies(failure -> {
                    assertThat(failure).isInstanceOf(TransactionTimeoutException.class);
                    assertThat(failure.getSuppressed()).hasAtLeastOneElementOfType(R2dbcRollbackException.class);
                })
                .verify(LIMIT);
        assertThat(runs.get()).isBetween(2, 100);
    }

    @Test
    void theDeadlineCutsALaterRunShort() {
        fails(
                TransactionTimeoutException.class,
                db.inTransaction(
                        OFTEN.deadline(Duration.ofSeconds(2)),
                        tx -> counted(run ->
                                run == 1 ? conflict(tx) : increment(tx, 1).then(Mono.never()))));
        assertThat(runs).hasValue(2);
        assertThat(values()).containsExactly(0, 0);
    }

    @Test
    void aCancelDuringAPauseEndsItAndAcquiresNothing() {
        Disposable.Swap caller = Disposables.swap();
        onRetry = caller::dispose;

        caller.update(
                db.inTransaction(OFTEN, tx -> counted(run -> conflict(tx))).subscribe());
        await().atMost(LIMIT).until(() -> !retries.isEmpty() && db.stats().acquired() == 0);
        Mono.delay(Duration.ofMillis(100)).block(LIMIT);
        assertThat(runs).hasValue(1);
        assertThat(db.stats().acquired()).isZero();
    }

    @Test
    void aStreamIsRunAgainBeforeItsFirstElementOnly() {
        StepVerifier.create(db.inTransactionMany(
                        OFTEN,
                        tx -> counted(run -> run == 1 ? conflict(tx) : increment(tx, 1))
                                .repeat(1)))
                .expectNext(1L, 1L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.inTransactionMany(
                        OFTEN, tx -> Flux.concat(counted(run -> increment(tx, 2)), conflict(tx))))
                .expectNext(1L)
                .expectError(R2dbcRollbackException.class)
                .verify(LIMIT);

        assertThat(retries).containsExactly("1 after 40001");
        assertThat(values()).containsExactly(2, 0);
    }

    @Test
    void whatARunPutOffEndsWithThatRun() {
        List<String> seen = new CopyOnWriteArrayList<>();
        db.inTransaction(OFTEN, tx -> {
                    int run = runs.incrementAndGet();
                    tx.afterCommit(Mono.fromRunnable(() -> seen.add("committed " + run)));
                    tx.afterRollback(Mono.fromRunnable(() -> seen.add("rolled back " + run)));
                    return run < 3 ? conflict(tx) : increment(tx, 1);
                })
                .block(LIMIT);

        assertThat(seen).containsExactly("rolled back 1", "rolled back 2", "committed 3");
    }

    @Test
    void workInsideATransactionIsRunAgainWithItOnly() {
        fails(
                R2dbcRollbackException.class,
                db.inTransaction(tx -> db.inTransaction(
                        TransactionOptions.defaults().retry(9), joined -> counted(run -> conflict(joined)))));
        fails(
                R2dbcRollbackException.class,
                db.inTransaction(tx -> db.inTransaction(
                        TransactionOptions.defaults().retry(9).propagation(Propagation.NESTED),
                        nested -> counted(run -> conflict(nested)))));
        assertThat(runs).hasValue(2);

        db.inTransaction(
                        OFTEN,
                        tx -> db.inTransaction(
                                joined -> counted(run -> run == 3 ? conflict(joined) : increment(joined, 1))))
                .block(LIMIT);
        assertThat(runs).hasValue(4);
        assertThat(values()).containsExactly(1, 0);
    }

    @Test
    void whatCannotBeRunAgainDoesNotAskForIt() {
        assertThatThrownBy(() -> db.beginTransaction(OFTEN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("beginTransaction");
        assertThatThrownBy(() -> TransactionOptions.defaults().retry(101))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("retry must be from 0 to 100 times, was 101");
    }

    /** Counts a run, and then has its work made. */
    private <T> Mono<T> counted(IntFunction<Mono<T>> work) {
        return work.apply(runs.incrementAndGet());
    }

    private void fails(Class<? extends Throwable> type, Mono<?> work) {
        StepVerifier.create(work.then()).expectError(type).verify(LIMIT);
    }

    private static Mono<Long> conflict(SqlClient client) {
        return client.sql("SELECT conflict()").as(Long.class).one();
    }

    private static Mono<Integer> value(SqlClient client) {
        return client.sql("SELECT value FROM counter WHERE id = 1")
                .as(Integer.class)
                .one();
    }

    private static Mono<Long> set(SqlClient client, int id, int value) {
        return client.sql("UPDATE counter SET value = :value WHERE id = :id")
                .bind("value", value)
                .bind("id", id)
                .rowsUpdated();
    }

    private static Mono<Long> increment(SqlClient client, int id) {
        return client.sql("UPDATE counter SET value = value + 1 WHERE id = :id")
                .bind("id", id)
                .rowsUpdated();
    }

    private List<Integer> values() {
        return server.query("SELECT value FROM " + schema + ".counter ORDER BY id", row -> row.getInt(1));
    }
}
