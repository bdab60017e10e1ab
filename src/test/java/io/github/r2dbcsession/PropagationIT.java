package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The seven kinds of propagation, inside a transaction and outside. */
@DatabaseTest
class PropagationIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final IllegalArgumentException workFailed = new IllegalArgumentException("work failed");
    private final TestDatabase server = TestDatabase.get();
    private final String note = TestDatabase.schema(PropagationIT.class) + ".note";
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final Database db = Database.builder(wire.url(PropagationIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text PRIMARY KEY)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
        wire.close();
        server.awaitNoBackends(TestDatabase.applicationName(PropagationIT.class));
    }

    @ParameterizedTest
    @EnumSource(
            value = Propagation.class,
            names = {"REQUIRED", "REQUIRES_NEW", "NESTED"})
    void beginsATransactionWhereNoneIsOpen(Propagation kind) {
        StepVerifier.create(db.inTransaction(with(kind), tx -> write(tx, "a").then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Propagation.class,
            names = {"SUPPORTS", "NOT_SUPPORTED", "NEVER"})
    void worksWithoutATransactionWhereNoneIsOpen(Propagation kind) {
        StepVerifier.create(db.inTransaction(with(kind), tx -> write(tx, "a").then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");
        StepVerifier.create(db.inTransaction(with(kind), Transaction::commit))
                .expectErrorMessage("this work runs without a transaction: each of its statements commits on its own")
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(TransactionOptions.serializable().propagation(kind), tx -> write(tx, "b")))
                .expectError(PropagationException.class)
                .verify(LIMIT);
    }

    @ParameterizedTest
    @EnumSource(
            value = Propagation.class,
            names = {"REQUIRED", "SUPPORTS", "MANDATORY"})
    void joinsTheOpenTransaction(Propagation kind) {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a")
                        .then(db.inTransaction(with(kind), inner -> write(inner, "b")))
                        .then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void mandatoryFailsOutsideAndNeverInside() {
        StepVerifier.create(db.inTransaction(with(Propagation.MANDATORY), tx -> write(tx, "a")))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(PropagationException.class)
                        .hasMessageContaining("found none on shop"))
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(
                        tx -> db.inTransactionMany(with(Propagation.NEVER), inner -> write(inner, "a"))
                                .then()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(PropagationException.class)
                        .hasMessageContaining("found the transaction on shop"))
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void requiresNewCommitsOnItsOwn() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "outer")
                        .then(db.inTransaction(with(Propagation.REQUIRES_NEW), inner -> write(db, "inner")))
                        .then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("inner");
    }

    @Test
    void requiresNewRollsBackOnItsOwn() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "outer")
                        .then(db.inTransaction(
                                        with(Propagation.REQUIRES_NEW),
                                        inner -> write(inner, "inner").then(Mono.<Long>error(workFailed)))
                                .onErrorReturn(0L))))
                .expectNext(0L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).containsExactly("outer");
    }

    @Test
    void notSupportedWorksBesideTheOpenTransaction() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "outer")
                        .then(db.inTransaction(
                                with(Propagation.NOT_SUPPORTED),
                                none -> write(none, "a").then(write(db, "b"))))
                        .then(Mono.error(workFailed))))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a", "b");
    }

    @Test
    void aNestedFailureLeavesTheOuterOneUsable() {
        db.inTransaction(tx -> write(tx, "a")
                        .then(nested("a").onErrorReturn(0L))
                        .then(nested("b"))
                        .then(db.inTransactionMany(
                                        with(Propagation.NESTED),
                                        inner -> write(db, "c").thenMany(Flux.<Long>error(workFailed)))
                                .onErrorReturn(0L)
                                .then())
                        .then(write(tx, "d")))
                .block(LIMIT);

        assertThat(notes()).containsExactly("a", "b", "d");
        assertThat(wire.statements())
                .containsSubsequence(
                        "BEGIN",
                        "SAVEPOINT \"nested_1\"",
                        "ROLLBACK TO SAVEPOINT \"nested_1\"; RELEASE SAVEPOINT \"nested_1\"",
                        "SAVEPOINT \"nested_2\"",
                        "RELEASE SAVEPOINT \"nested_2\"",
                        "SAVEPOINT \"nested_3\"",
                        "ROLLBACK TO SAVEPOINT \"nested_3\"; RELEASE SAVEPOINT \"nested_3\"",
                        "COMMIT");
    }

    @Test
    void aSwallowedErrorOfNestedWorkUndoesItAndIsTold() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a")
                        .then(db.inTransaction(
                                        with(Propagation.NESTED),
                                        inner -> write(inner, "b")
                                                .then(write(inner, "a").onErrorReturn(0L)))
                                .onErrorResume(TransactionRolledBackException.class, failure -> {
                                    assertThat(failure)
                                            .hasRootCauseMessage(
                                                    "duplicate key value violates unique constraint \"note_pkey\"");
                                    return Mono.just(0L);
                                }))))
                .expectNext(0L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");
    }

    @Test
    void nestedWorkCanBeNestedAndJoined() {
        db.inTransaction(tx -> write(tx, "a")
                        .then(db.inTransaction(
                                with(Propagation.NESTED),
                                outer -> write(db, "b")
                                        .then(nested("b").onErrorReturn(0L))
                                        .then(db.inTransaction(
                                                with(Propagation.MANDATORY), joined -> write(joined, "c"))))))
                .block(LIMIT);
        assertThat(notes()).containsExactly("a", "b", "c");

        StepVerifier.create(db.inTransaction(tx -> write(tx, "d")
                        .then(db.inTransaction(
                                        with(Propagation.NESTED),
                                        outer -> write(outer, "e")
                                                .then(db.inTransaction(joined -> Mono.<Long>error(workFailed))
                                                        .onErrorReturn(0L)))
                                .onErrorResume(TransactionRolledBackException.class, failure -> Mono.just(7L)))))
                .expectNext(7L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a", "b", "c", "d");
    }

    @Test
    void nestedWorkThatIsCancelledLeavesNoCommit() {
        StepVerifier.create(db.inTransaction(tx -> write(tx, "a")
                        .then(db.inTransactionMany(
                                        with(Propagation.NESTED),
                                        inner -> write(inner, "b").thenMany(Flux.range(0, 9)))
                                .take(1)
                                .then())))
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void requiresNewThatCouldOnlyDeadlockFailsAtOnce() {
        Mono<Long> three = db.inTransaction(tx -> write(tx, "a")
                .then(db.inTransaction(
                        with(Propagation.REQUIRES_NEW),
                        second -> write(second, "b")
                                .then(db.inTransaction(with(Propagation.REQUIRES_NEW), third -> write(third, "c"))))));
        StepVerifier.create(three)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(NestedAcquireException.class)
                        .hasMessageContaining("all 2 connections of shop"))
                .verify(Duration.ofSeconds(5));

        StepVerifier.create(db.inTransaction(tx -> db.inTransaction(
                        with(Propagation.REQUIRES_NEW),
                        second -> db.inTransaction(with(Propagation.NOT_SUPPORTED), none -> write(none, "c")))))
                .expectError(NestedAcquireException.class)
                .verify(Duration.ofSeconds(5));
    }

    @Test
    void callersThatHoldEverythingAndWaitForEachOtherFailAtOnce() {
        Flux<Long> callers = Flux.range(0, 2)
                .flatMap(i -> db.inTransaction(tx -> write(tx, "held" + i)
                                .delayElement(Duration.ofMillis(300))
                                .then(db.inTransaction(
                                        with(Propagation.REQUIRES_NEW), second -> write(second, "new" + i))))
                        .onErrorResume(NestedAcquireException.class, failure -> Mono.just(-1L)));

        assertThat(callers.collectList().block(Duration.ofSeconds(5))).containsExactlyInAnyOrder(-1L, 1L);
        assertThat(notes()).hasSize(2);
    }

    @Test
    void aHandleIsAlwaysNew() {
        assertThatThrownBy(() -> db.beginTransaction(with(Propagation.NESTED)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was NESTED");
    }

    private Mono<Long> nested(String text) {
        return db.inTransaction(with(Propagation.NESTED), inner -> write(inner, text));
    }

    private static TransactionOptions with(Propagation kind) {
        return TransactionOptions.defaults().propagation(kind);
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private static Mono<Long> write(SqlClient client, String text) {
        return client.sql("INSERT INTO note VALUES ($1)").bind(1, text).rowsUpdated();
    }
}
