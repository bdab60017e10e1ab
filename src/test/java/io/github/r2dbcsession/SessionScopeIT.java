package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.ContextView;

/** Work that shares one connection without saying so. */
@DatabaseTest
class SessionScopeIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(SessionScopeIT.class);
    private final String note = TestDatabase.schema(SessionScopeIT.class) + ".note";
    private final AtomicInteger acquired = new AtomicInteger();
    private final Database db = Database.builder(server.url(SessionScopeIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(2).maxAcquireTime(LIMIT).build())
            .build();

    @BeforeEach
    void start() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY)");
        db.listen(new DatabaseListener() {
            @Override
            public void onAcquire(Duration wait) {
                acquired.incrementAndGet();
            }
        });
    }

    @AfterEach
    void everythingIsGivenBack() {
        awaitQuiet();
        db.close().block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void allThatARequestDoesIsOneAcquire() {
        Mono<List<Integer>> request = Flux.concat(
                        pid(db),
                        db.inSession(session -> pid(session).flatMap(first -> pid(session))),
                        db.inTransaction(tx -> pid(tx).flatMap(first -> pid(db))),
                        pid(db).as(db::transactional),
                        db.inSessionMany(session -> db.inTransactionMany(tx -> pid(db))),
                        pid(db))
                .collectList();

        List<Integer> pids = db.sessionScope(request).block(LIMIT);

        assertThat(pids).hasSize(6).containsOnly(pids.get(0));
        assertThat(acquired).hasValue(1);
    }

    @Test
    void whatASessionIsBoundToTakesTurnsWithIt() {
        List<Integer> pids = Flux.usingWhen(
                        db.openSession(),
                        session -> Flux.merge(
                                session.bind(db.inTransactionMany(tx -> Flux.concat(pid(tx), pid(db)))),
                                pid(session),
                                session.bind(pid(db)),
                                session.bind(Flux.concat(pid(db), db.inSession(SessionScopeIT::pid)))),
                        Session::close)
                .collectList()
                .block(LIMIT);

        assertThat(pids).hasSize(6).containsOnly(pids.get(0));
        assertThat(acquired).hasValue(1);
    }

    @Test
    void aSessionEndsWhereWhatItIsBoundToIsCutOff() {
        Mono<Integer> work = Mono.usingWhen(
                db.openSession(),
                session -> session.bind(db.sql("SELECT pg_sleep(60)")
                                .rowsUpdated()
                                .timeout(Duration.ofMillis(300), Mono.empty()))
                        .then(pid(session)),
                Session::close);

        StepVerifier.create(work).expectError(ScopeEndedException.class).verify(LIMIT);
    }

    @Test
    void aStreamWorksToo() {
        StepVerifier.create(db.sessionScope(db.sql("SELECT generate_series(1, 5000)")
                                .as(Integer.class)
                                .all()
                                .concatWith(pid(db)))
                        .take(3))
                .expectNext(1, 2, 3)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.sessionScope(pid(db).concatWith(pid(db))))
                .expectNextCount(2)
                .expectComplete()
                .verify(LIMIT);
        assertThat(acquired).hasValue(2);
    }

    @Test
    void workThatNeedsNoConnectionAcquiresNone() {
        assertThat(db.sessionScope(Mono.just(1)).block(LIMIT)).isEqualTo(1);
        StepVerifier.create(db.sessionScope(Mono.error(new IllegalArgumentException("work"))))
                .expectErrorMessage("work")
                .verify(LIMIT);
        db.sessionScope(Mono.never()).subscribe().dispose();

        assertThat(acquired).hasValue(0);
        assertThat(server.backends(name)).isEmpty();
    }

    @Test
    void whatIsSubscribedToAtOnceRunsOneAfterAnother() {
        Mono<Integer> together = db.sessionScope(Flux.range(0, 20)
                .flatMap(
                        i -> switch (i % 3) {
                            case 0 -> pid(db);
                            case 1 -> db.inSession(session -> pid(session).flatMap(first -> pid(db)));
                            default ->
                                db.inTransaction(tx -> write(tx, "a" + i)
                                        .then(Mono.delay(Duration.ofMillis(5)))
                                        .then(pid(tx)));
                        },
                        20)
                .distinct()
                .count()
                .map(Long::intValue));

        assertThat(together.block(LIMIT)).isEqualTo(1);
        assertThat(acquired).hasValue(1);
        assertThat(notes()).hasSize(6);
    }

    @Test
    void aStatementBesideATransactionIsNotPartOfIt() {
        Mono<Void> beside = write(db, "beside");
        Mono<Void> rolledBack = db.inTransaction(tx -> write(tx, "inside")
                .then(Mono.delay(Duration.ofMillis(200)))
                .then(Mono.error(new IllegalArgumentException("work"))));

        StepVerifier.create(db.sessionScope(Mono.whenDelayError(rolledBack, beside)))
                .expectErrorMessage("work")
                .verify(LIMIT);
        assertThat(notes()).containsExactly("beside");
    }

    @Test
    void aSessionInsideIsSharedByWhatRunsInItOneAfterAnother() {
        Mono<Void> work = db.inSession(session -> Mono.whenDelayError(
                db.inTransaction(tx -> write(tx, "inside")
                        .then(Mono.delay(Duration.ofMillis(200)))
                        .then(Mono.error(new IllegalArgumentException("work")))),
                write(session, "beside"),
                write(db, "too")));

        StepVerifier.create(db.sessionScope(work)).expectErrorMessage("work").verify(LIMIT);
        assertThat(notes()).containsExactly("beside", "too");
        assertThat(acquired).hasValue(1);
    }

    @Test
    void cancellingGivesTheConnectionBack() {
        Disposable request = db.sessionScope(
                        pid(db).then(db.sql("SELECT pg_sleep(30)").rowsUpdated()))
                .subscribe();
        await().atMost(LIMIT)
                .until(() -> server.backends(name).stream().anyMatch(backend -> "PgSleep".equals(backend.waitEvent())));

        request.dispose();

        awaitQuiet();
        assertThat(server.backends(name)).noneMatch(backend -> "active".equals(backend.state()));
    }

    @Test
    void cancellingAtRandomLosesNothing() {
        Flux.range(0, 500)
                .flatMap(
                        i -> db.sessionScope(Mono.when(pid(db), db.inTransaction(SessionScopeIT::pid), pid(db))
                                        .then(db.inSession(SessionScopeIT::pid)))
                                .takeUntilOther(Mono.delay(Duration.ofNanos(i % 11 * 300_000L)))
                                .onErrorComplete(),
                        8)
                .blockLast(LIMIT.multipliedBy(2));

        awaitQuiet();
        assertThat(db.warmUp(2).block(LIMIT).opened()).isEqualTo(2);
    }

    @Test
    void workThatIsCutOffInsideLeavesTheOthersACleanConnection() {
        Mono<Integer> work = db.inTransaction(tx ->
                        write(tx, "half").then(tx.sql("SELECT pg_sleep(30)").rowsUpdated()))
                .timeout(Duration.ofMillis(500), Mono.empty())
                .then(write(db, "whole"))
                .then(pid(db));

        assertThat(db.sessionScope(work).block(LIMIT)).isPositive();
        assertThat(notes()).containsExactly("whole");
        assertThat(acquired).hasValue(2);
    }

    @Test
    void aSessionWhoseWorkWasCutOffEnds() {
        Mono<Void> work = db.inSession(session -> db.inTransaction(tx ->
                        write(tx, "half").then(tx.sql("SELECT pg_sleep(30)").rowsUpdated()))
                .timeout(Duration.ofMillis(500), Mono.empty())
                .then(write(session, "never")));

        StepVerifier.create(db.sessionScope(work))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ScopeEndedException.class)
                        .hasMessageContaining("session on shop"))
                .verify(LIMIT);
        awaitQuiet();
        assertThat(notes()).isEmpty();
    }

    @Test
    void anErrorInsideKeepsTheConnection() {
        Mono<Boolean> same = pid(db).flatMap(before -> db.sql("SELECT 1/0")
                .rowsUpdated()
                .onErrorComplete()
                .then(pid(db))
                .map(before::equals));

        assertThat(db.sessionScope(same).block(LIMIT)).isTrue();
        assertThat(acquired).hasValue(1);
    }

    @Test
    void aScopeInsideAScopeOrATransactionChangesNothing() {
        assertThat(db.sessionScope(pid(db).then(db.sessionScope(pid(db)))).block(LIMIT))
                .isPositive();
        assertThat(acquired).hasValue(1);

        db.inTransaction(tx -> db.sessionScope(write(db, "a")).then(Mono.error(new IllegalArgumentException("work"))))
                .onErrorComplete()
                .block(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void whatStandsBesideATransactionHasAConnectionOfItsOwn() {
        Mono<Void> work = db.inTransaction(tx -> write(tx, "outer")
                .then(db.inTransaction(with(Propagation.REQUIRES_NEW), inner -> write(db, "new")))
                .then(db.inTransaction(with(Propagation.NOT_SUPPORTED), none -> write(db, "without")))
                .then(Mono.error(new IllegalArgumentException("work"))));

        StepVerifier.create(db.sessionScope(work)).expectErrorMessage("work").verify(LIMIT);
        assertThat(notes()).containsExactly("new", "without");
        assertThat(acquired).hasValue(3);
    }

    @Test
    void handlesInsideHaveConnectionsOfTheirOwn() {
        Mono<Integer> handle = Mono.usingWhen(db.openSession(), SessionScopeIT::pid, Session::close);

        Boolean same = db.sessionScope(pid(db).zipWith(handle, Integer::equals)).block(LIMIT);

        assertThat(same).isFalse();
        assertThat(acquired).hasValue(2);
    }

    @Test
    void aScopeThatHasEndedRunsNothing() {
        AtomicReference<ContextView> escaped = new AtomicReference<>();
        db.sessionScope(Mono.deferContextual(context -> {
                    escaped.set(context);
                    return pid(db);
                }))
                .block(LIMIT);

        StepVerifier.create(pid(db).contextWrite(escaped.get()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ScopeEndedException.class)
                        .hasMessageContaining("session scope on shop"))
                .verify(LIMIT);
    }

    private void awaitQuiet() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private static TransactionOptions with(Propagation kind) {
        return TransactionOptions.defaults().propagation(kind);
    }

    private static Mono<Void> write(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES ($1)")
                .bind(1, text)
                .rowsUpdated()
                .then();
    }

    private static Mono<Integer> pid(SqlClient client) {
        return client.sql("SELECT pg_backend_pid()").as(Integer.class).one();
    }
}
