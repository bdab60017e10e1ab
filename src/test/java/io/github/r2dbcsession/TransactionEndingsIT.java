package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The table of the explanation: what each form does at each ending, and what its caller sees. */
@DatabaseTest
class TransactionEndingsIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration SOON = Duration.ofMillis(300);

    private final IllegalArgumentException workFailed = new IllegalArgumentException("work failed");
    private final TestDatabase server = TestDatabase.get();
    private final String application = TestDatabase.applicationName(TransactionEndingsIT.class);
    private final String note = TestDatabase.schema(TransactionEndingsIT.class) + ".note";
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(server.url(TransactionEndingsIT.class))
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
        server.awaitNoBackends(application);
    }

    /** Work that joins what is open in its Context, run in one of the forms. */
    private interface Form extends BiFunction<Database, Flux<Long>, Flux<Long>> {}

    static Stream<Named<Form>> monoForms() {
        return Stream.of(
                form(
                        "inTransaction",
                        (db, work) -> db.inTransaction(tx -> work.last()).flux()),
                form(
                        "mono.as(transactional)",
                        (db, work) -> work.last().as(db::transactional).flux()),
                form(
                        "inUnitOfWork",
                        (db, work) -> db.inUnitOfWork(unit -> work.last()
                                        .flatMap(result -> unit.commit().thenReturn(result)))
                                .flux()),
                form(
                        "usingWhen mono",
                        (db, work) -> Mono.usingWhen(
                                        db.beginTransaction(),
                                        tx -> tx.bind(work.last()),
                                        Transaction::commit,
                                        (tx, failure) -> tx.rollback(),
                                        Transaction::rollback)
                                .flux()));
    }

    static Stream<Named<Form>> fluxForms() {
        return Stream.of(
                form("inTransactionMany", (db, work) -> db.inTransactionMany(tx -> work)),
                form("flux.as(transactional)", (db, work) -> work.as(db::transactional)),
                form(
                        "usingWhen flux",
                        (db, work) -> Flux.usingWhen(
                                db.beginTransaction(),
                                tx -> tx.bind(work),
                                Transaction::commit,
                                (tx, failure) -> tx.rollback(),
                                Transaction::rollback)));
    }

    static Stream<Named<Form>> forms() {
        return Stream.concat(monoForms(), fluxForms());
    }

    private static Named<Form> form(String name, Form form) {
        return Named.of(name, form);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void completingCommits(Form form) {
        StepVerifier.create(form.apply(db, write("a")))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");
    }

    @ParameterizedTest
    @MethodSource("forms")
    void failingRollsBackAndPassesTheErrorOn(Form form) {
        StepVerifier.create(form.apply(db, write("a").concatWith(Mono.error(workFailed)))
                        .ignoreElements())
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void cancellingRollsBack(Form form) {
        StepVerifier.create(form.apply(db, write("a").concatWith(Mono.never())).ignoreElements())
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(application).stream()
                                .anyMatch(backend -> "idle in transaction".equals(backend.state())
                                        && String.valueOf(backend.query()).contains("INSERT"))))
                .thenCancel()
                .verify(LIMIT);
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        assertThat(notes()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("monoForms")
    void takingTheOneElementComesAfterTheCommit(Form form) {
        StepVerifier.create(form.apply(db, write("a")).next())
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).containsExactly("a");
    }

    @ParameterizedTest
    @MethodSource("fluxForms")
    void takingOneOfManyRollsBack(Form form) {
        StepVerifier.create(form.apply(db, write("a").repeat(3)).take(1))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(form.apply(db, write("b").repeat(3)).next())
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        assertThat(notes()).isEmpty();
    }

    @Test
    void aUnitThatDoesNotCommitRollsBackAndEmits() {
        StepVerifier.create(db.inUnitOfWork(unit -> write("a").last()))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void usingWhenWrapsTheErrorOfACommitAndTheCallbackFormDoesNot() {
        Mono<Long> handle = Mono.usingWhen(
                db.beginTransaction(),
                tx -> tx.bind(write("a").last()).doOnNext(rows -> tx.markRollbackOnly()),
                Transaction::commit,
                (tx, failure) -> tx.rollback(),
                Transaction::rollback);

        StepVerifier.create(handle)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isExactlyInstanceOf(RuntimeException.class)
                        .hasMessageStartingWith("Async resource cleanup failed")
                        .hasCauseInstanceOf(TransactionRolledBackException.class))
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(tx -> write("a").last().doOnNext(rows -> tx.markRollbackOnly())))
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);
    }

    @Test
    void theClosureOfUsingWhenCarriesNoTransaction() {
        Mono<Long> handle = Mono.usingWhen(
                db.beginTransaction(),
                tx -> write("alone").then(tx.bind(write("bound").then(Mono.error(workFailed)))),
                Transaction::commit,
                (tx, failure) -> tx.rollback(),
                Transaction::rollback);

        StepVerifier.create(handle)
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        assertThat(notes()).containsExactly("alone");
    }

    @Test
    void aStreamInANewTransactionEndsByItself() {
        TransactionOptions beside = TransactionOptions.defaults().propagation(Propagation.REQUIRES_NEW);
        Mono<Long> work = db.inTransaction(tx -> write("outer")
                .then(db.inTransactionMany(beside, inner -> write("a").concatWith(Mono.error(workFailed)))
                        .onErrorComplete()
                        .then())
                .then(db.inTransactionMany(beside, inner -> write("b").repeat(3))
                        .take(1)
                        .then())
                .then(db.inTransactionMany(beside, inner -> write("c")).count()));

        StepVerifier.create(work).expectNext(1L).expectComplete().verify(LIMIT);
        assertThat(notes()).containsExactly("c", "outer");
    }

    @Test
    void nestedWorkThatIsCutOffLeavesNoCommit() {
        TransactionOptions nested = TransactionOptions.defaults().propagation(Propagation.NESTED);
        Mono<Long> work = db.inTransaction(tx -> write("outer")
                .then(db.inTransaction(nested, inner -> write("a").then(Mono.<Long>never()))
                        .timeout(SOON, Mono.just(7L))));

        StepVerifier.create(work)
                .expectError(TransactionRolledBackException.class)
                .verify(LIMIT);
        assertThat(notes()).isEmpty();
    }

    @Test
    void whatAUnitPutsOffWaitsForItsEnd() {
        db.inUnitOfWork(unit -> putOff("committing")
                        .then(write("a").last())
                        .flatMap(rows -> unit.commit().doOnSuccess(done -> seen.add("unit committed"))))
                .block(LIMIT);
        assertThat(seen).containsExactly("before committing", "unit committed", "after committing");

        seen.clear();
        db.inUnitOfWork(unit -> putOff("leaving").then(write("b").last())).block(LIMIT);
        assertThat(seen).containsExactly("rolled back leaving");
        assertThat(notes()).containsExactly("a");
    }

    private Mono<Void> putOff(String name) {
        return db.inTransaction(joined -> {
            joined.beforeCommit(Mono.fromRunnable(() -> seen.add("before " + name)));
            joined.afterCommit(Mono.fromRunnable(() -> seen.add("after " + name)));
            joined.afterRollback(Mono.fromRunnable(() -> seen.add("rolled back " + name)));
            return Mono.empty();
        });
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    /** Writes as a repository does that knows only the database; repeated, it writes once. */
    private Flux<Long> write(String text) {
        return db.sql("INSERT INTO note VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(1, text)
                .rowsUpdated()
                .flux();
    }
}
