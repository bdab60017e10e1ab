package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolExhaustedException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Work that holds a connection and asks for another one. */
@DatabaseTest
class NestedAcquireIT {

    /** Far below the time after which an acquire gives up. */
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final TestDatabase server = TestDatabase.get();

    static Stream<Named<Function<Database, Mono<Integer>>>> nestings() {
        return Stream.of(
                Named.of("statement in session", db -> db.inSession(session -> hold().then(one(db)))),
                Named.of(
                        "session in session",
                        db -> db.inSession(session -> hold().then(db.inSession(NestedAcquireIT::one)))),
                Named.of(
                        "transaction in session",
                        db -> db.inSession(session -> hold().then(db.inTransaction(NestedAcquireIT::one)))),
                Named.of("handle in session", db -> db.inSession(session -> hold().then(handle(db)))),
                Named.of("handle in transaction", db -> db.inTransaction(tx -> hold().then(handle(db)))),
                Named.of(
                        "transaction in transaction",
                        db -> db.inTransaction(tx -> hold().then(db.inTransaction(
                                TransactionOptions.defaults().propagation(Propagation.REQUIRES_NEW),
                                NestedAcquireIT::one)))),
                Named.of(
                        "handle in what a session is bound to",
                        db -> Mono.usingWhen(
                                db.openSession(), session -> session.bind(hold().then(handle(db))), Session::close)),
                Named.of(
                        "handle in what a transaction is bound to",
                        db -> Mono.usingWhen(
                                db.beginTransaction(),
                                tx -> tx.bind(hold().then(handle(db))),
                                Transaction::commit,
                                (tx, failure) -> tx.rollback(),
                                Transaction::rollback)),
                Named.of(
                        "handle in scope",
                        db -> db.sessionScope(one(db).then(hold()).then(handle(db)))));
    }

    /** Long enough for everybody to hold a connection. */
    private static Mono<Long> hold() {
        return Mono.delay(Duration.ofMillis(500));
    }

    private static Mono<Integer> handle(Database db) {
        return Mono.usingWhen(db.openSession(), NestedAcquireIT::one, Session::close);
    }

    @AfterEach
    void nothingIsLeft() {
        server.awaitNoBackends(TestDatabase.applicationName(NestedAcquireIT.class));
    }

    @ParameterizedTest
    @MethodSource("nestings")
    void theOnlyConnectionIsNotWaitedForByWhoHoldsIt(Function<Database, Mono<Integer>> nesting) {
        Database db = database(1);

        StepVerifier.create(nesting.apply(db))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NestedAcquireException.class)
                        .hasMessageContaining("all 1 connections of shop"))
                .verify(LIMIT);

        close(db);
    }

    @ParameterizedTest
    @MethodSource("nestings")
    void whoWouldBeTheLastToWaitIsRefusedAndTheOthersGetDone(Function<Database, Mono<Integer>> nesting) {
        Database db = database(4);
        db.warmUp(4).block(LIMIT);

        List<Integer> answers = Flux.range(0, 4)
                .flatMap(i -> nesting.apply(db).onErrorResume(NestedAcquireException.class, failure -> Mono.just(-1)))
                .collectList()
                .block(LIMIT);

        assertThat(answers).hasSize(4).contains(1);
        close(db);
    }

    @ParameterizedTest
    @MethodSource("nestings")
    void whileSomebodyMayGiveOneBackItIsWaitedFor(Function<Database, Mono<Integer>> nesting) {
        Database db = database(2);
        Mono<Long> other = db.inSession(session -> Mono.delay(Duration.ofMillis(1_500)));

        StepVerifier.create(Mono.zip(nesting.apply(db), other, (answer, tick) -> answer))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);

        close(db);
    }

    @Test
    void whatASessionIsBoundToSharesTheOnlyConnection() {
        Database db = database(1);

        Mono<Integer> work = Mono.usingWhen(
                db.openSession(),
                session -> session.bind(one(db).then(db.inTransaction(NestedAcquireIT::one))
                                .then(db.inSession(NestedAcquireIT::one)))
                        .then(one(session)),
                Session::close);

        StepVerifier.create(work).expectNext(1).expectComplete().verify(LIMIT);
        close(db);
    }

    @Test
    void aConnectionOutsideThePoolIsNoneOfThoseThatAreHeld() {
        Database db = database(1);

        Mono<Integer> work = Mono.usingWhen(
                db.openDedicatedSession(), session -> session.bind(hold().then(handle(db))), Session::close);

        StepVerifier.create(work).expectNext(1).expectComplete().verify(LIMIT);
        close(db);
    }

    /** Whose handle it is cannot be known; that nobody is at work is. */
    @Test
    void whoWaitsForWhatAHandleHoldsIsToldThatNobodyIsAtWork() {
        Database db = database(1, Duration.ofSeconds(3));
        db.warmUp(1).block(LIMIT);

        StepVerifier.create(
                        Mono.usingWhen(db.openSession(), session -> one(session).then(one(db)), Session::close))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOfSatisfying(
                                PoolExhaustedException.class,
                                exhausted -> assertThat(exhausted.holders())
                                        .isNotEmpty()
                                        .noneMatch(Holder::busy))
                        .hasMessageContaining(
                                "none with a statement under way: let no work that has one ask for another"))
                .verify(LIMIT);

        close(db);
    }

    @Test
    void whoWaitsForStatementsIsNotToldSo() {
        Database db = database(1, Duration.ofSeconds(3));
        db.warmUp(1).block(LIMIT);
        Disposable busy = db.inSession(
                        session -> session.sql("SELECT pg_sleep(60)").rowsUpdated())
                .subscribe(rows -> {}, stopped -> {});
        await().atMost(LIMIT).until(() -> db.holders().stream().anyMatch(Holder::busy));

        StepVerifier.create(one(db))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(PoolExhaustedException.class)
                        .hasMessageNotContaining("none with"))
                .verify(LIMIT);

        busy.dispose();
        close(db);
    }

    private Database database(int maxSize) {
        return database(maxSize, LIMIT.multipliedBy(3));
    }

    private Database database(int maxSize, Duration maxAcquireTime) {
        return Database.builder(server.url(NestedAcquireIT.class))
                .name("shop")
                .pool(PoolSettings.builder()
                        .maxSize(maxSize)
                        .maxAcquireTime(maxAcquireTime)
                        .build())
                .build();
    }

    private static void close(Database db) {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
    }

    private static Mono<Integer> one(SqlClient client) {
        return client.sql("SELECT 1").as(Integer.class).one();
    }
}
