package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Work that holds a connection and asks for another one. */
@DatabaseTest
class NestedAcquireIT {

    /** Far below the 30 s after which an acquire gives up. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();

    private enum Nesting {
        STATEMENT_IN_SESSION(db -> db.inSession(session -> hold().then(one(db)))),
        SESSION_IN_SESSION(db -> db.inSession(session -> hold().then(db.inSession(NestedAcquireIT::one)))),
        TRANSACTION_IN_SESSION(db -> db.inSession(session -> hold().then(db.inTransaction(NestedAcquireIT::one)))),
        HANDLE_IN_SESSION(db -> db.inSession(
                session -> hold().then(Mono.usingWhen(db.openSession(), NestedAcquireIT::one, Session::close)))),
        HANDLE_IN_TRANSACTION(db -> db.inTransaction(
                tx -> hold().then(Mono.usingWhen(db.openSession(), NestedAcquireIT::one, Session::close)))),
        TRANSACTION_IN_TRANSACTION(db -> db.inTransaction(tx -> hold().then(db.inTransaction(
                TransactionOptions.defaults().propagation(Propagation.REQUIRES_NEW), NestedAcquireIT::one)))),
        HANDLE_IN_SCOPE(db -> db.sessionScope(
                one(db).then(hold()).then(Mono.usingWhen(db.openSession(), NestedAcquireIT::one, Session::close))));

        private final Function<Database, Mono<Integer>> work;

        Nesting(Function<Database, Mono<Integer>> work) {
            this.work = work;
        }

        /** Long enough for everybody to hold a connection. */
        private static Mono<Long> hold() {
            return Mono.delay(Duration.ofMillis(500));
        }
    }

    @AfterEach
    void nothingIsLeft() {
        server.awaitNoBackends(TestDatabase.applicationName(NestedAcquireIT.class));
    }

    @ParameterizedTest
    @EnumSource(Nesting.class)
    void theOnlyConnectionIsNotWaitedForByWhoHoldsIt(Nesting nesting) {
        Database db = database(1);

        StepVerifier.create(nesting.work.apply(db))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NestedAcquireException.class)
                        .hasMessageContaining("all 1 connections of shop"))
                .verify(LIMIT);

        close(db);
    }

    @ParameterizedTest
    @EnumSource(Nesting.class)
    void whoWouldBeTheLastToWaitIsRefusedAndTheOthersGetDone(Nesting nesting) {
        Database db = database(4);
        db.warmUp(4).block(LIMIT);

        List<Integer> answers = Flux.range(0, 4)
                .flatMap(i ->
                        nesting.work.apply(db).onErrorResume(NestedAcquireException.class, failure -> Mono.just(-1)))
                .collectList()
                .block(LIMIT);

        assertThat(answers).hasSize(4).contains(1);
        close(db);
    }

    @ParameterizedTest
    @EnumSource(Nesting.class)
    void whileSomebodyMayGiveOneBackItIsWaitedFor(Nesting nesting) {
        Database db = database(2);
        Mono<Long> other = db.inSession(session -> Mono.delay(Duration.ofMillis(1_500)));

        StepVerifier.create(Mono.zip(nesting.work.apply(db), other, (answer, tick) -> answer))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);

        close(db);
    }

    private Database database(int maxSize) {
        return Database.builder(server.url(NestedAcquireIT.class))
                .name("shop")
                .pool(PoolSettings.builder().maxSize(maxSize).build())
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
