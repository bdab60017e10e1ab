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

/** What is put off until the commit and the end, and what lasts as long as the transaction. */
@DatabaseTest
class TransactionHooksIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final TransactionOptions NESTED =
            TransactionOptions.defaults().propagation(Propagation.NESTED);

    private final IllegalArgumentException workFailed = new IllegalArgumentException("work failed");
    private final TestDatabase server = TestDatabase.get();
    private final String note = TestDatabase.schema(TransactionHooksIT.class) + ".note";
    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(server.url(TransactionHooksIT.class))
            .pool(PoolSettings.builder().maxSize(1).build())
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
        server.awaitNoBackends(TestDatabase.applicationName(TransactionHooksIT.class));
    }

    @Test
    void actionsRunInOrderAroundTheCommit() {
        db.inTransaction(tx -> {
                    tx.afterCommit(count().doOnNext(rows -> seen.add("committed " + rows)));
                    tx.afterCommit(action("then"));
                    tx.afterRollback(action("rolled back"));
                    tx.beforeCommit(write("late").doOnNext(rows -> tx.beforeCommit(action("last"))));
                    return write("a").doOnNext(rows -> seen.add("worked"));
                })
                .doOnNext(rows -> seen.add("emitted"))
                .block(LIMIT);

        assertThat(seen).containsExactly("worked", "last", "committed 2", "then", "emitted");
    }

    @Test
    void anActionThatFailsBeforeTheCommitRollsBack() {
        StepVerifier.create(db.inTransactionMany(tx -> {
                    tx.beforeCommit(Mono.error(workFailed));
                    tx.beforeCommit(action("never"));
                    tx.afterCommit(action("never"));
                    tx.afterRollback(action("rolled back"));
                    return write("a");
                }))
                .expectNext(1L)
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);

        assertThat(seen).containsExactly("rolled back");
        assertThat(notes()).isEmpty();
    }

    @Test
    void anActionThatFailsAfterTheCommitChangesNothing() {
        StepVerifier.create(db.inTransaction(tx -> {
                    tx.afterCommit(Mono.error(workFailed));
                    tx.afterCommit(action("next"));
                    return write("a");
                }))
                .expectNext(1L)
                .expectComplete()
                .verify(LIMIT);

        assertThat(seen).containsExactly("next");
        assertThat(notes()).containsExactly("a");
    }

    @Test
    void aRollbackIsFollowedByItsOwnActions() {
        StepVerifier.create(db.inTransaction(tx -> {
                    registerAll(tx, "");
                    return write("a").then(Mono.error(workFailed));
                }))
                .expectErrorMatches(failure -> failure == workFailed)
                .verify(LIMIT);
        StepVerifier.create(db.inTransactionMany(tx -> {
                            registerAll(tx, "cancelled ");
                            return write("a").thenMany(Flux.range(0, 9));
                        })
                        .take(1))
                .expectNext(0)
                .expectComplete()
                .verify(LIMIT);

        await().atMost(LIMIT).until(() -> seen.size() == 2);
        assertThat(seen).containsExactly("rolled back", "cancelled rolled back");
    }

    @Test
    void theHandleFormAndTheUnitRunThemToo() {
        Mono.usingWhen(
                        db.beginTransaction(),
                        tx -> {
                            registerAll(tx, "handle ");
                            return tx.bind(write("a"));
                        },
                        Transaction::commit,
                        (tx, failure) -> tx.rollback(),
                        Transaction::rollback)
                .block(LIMIT);
        Transaction tx = db.beginTransaction().block(LIMIT);
        registerAll(tx, "handle ");
        tx.rollback().block(LIMIT);

        assertThat(seen).containsExactly("handle before", "handle committed", "handle rolled back");
        assertThatThrownBy(() -> tx.afterCommit(Mono.empty())).isInstanceOf(ScopeEndedException.class);
    }

    @Test
    void whatNestedWorkPutsOffFollowsItsFate() {
        db.inTransaction(tx -> db.inTransaction(NESTED, kept -> {
                            registerAll(kept, "kept ");
                            return write("a");
                        })
                        .then(db.inTransaction(NESTED, undone -> {
                                    registerAll(undone, "undone ");
                                    return write("b").then(Mono.<Long>error(workFailed));
                                })
                                .onErrorReturn(0L))
                        .then(db.inTransaction(joined -> {
                            registerAll(joined, "joined ");
                            return write("c");
                        })))
                .block(LIMIT);

        assertThat(seen)
                .containsExactly(
                        "undone rolled back", "kept before", "joined before", "kept committed", "joined committed");
        assertThat(notes()).containsExactly("a", "c");
    }

    @Test
    void aSettingEndsWithTheTransaction() {
        String awkward = "it's; DROP TABLE note; --";

        assertThat(db.inTransaction(tx -> tx.setLocal("app.tenant", awkward)
                                .then(db.inTransaction(joined -> joined.setLocal("lock_timeout", "1234")))
                                .then(db.sql("SELECT current_setting('app.tenant') || current_setting('lock_timeout')")
                                        .as(String.class)
                                        .one()))
                        .block(LIMIT))
                .isEqualTo(awkward + "1234ms");
        assertThat(db.sql("SELECT current_setting('lock_timeout')")
                        .as(String.class)
                        .one()
                        .block(LIMIT))
                .isEqualTo("0");
    }

    @Test
    void aLockIsHeldUntilTheEndOfTheTransaction() {
        Database other = Database.of(server.url(TransactionHooksIT.class));
        try {
            StepVerifier.create(db.inTransaction(tx -> tx.lock(42)
                            .then(other.inTransaction(busy -> busy.tryLock(42)))
                            .zipWith(other.inTransaction(free -> free.tryLock(43)))))
                    .assertNext(taken -> {
                        assertThat(taken.getT1()).isFalse();
                        assertThat(taken.getT2()).isTrue();
                    })
                    .expectComplete()
                    .verify(LIMIT);
            assertThat(other.inTransaction(free -> free.tryLock(42)).block(LIMIT))
                    .isTrue();
        } finally {
            other.close().block(LIMIT);
        }
    }

    @Test
    void withoutATransactionThereIsNothingToWaitFor() {
        TransactionOptions without = TransactionOptions.defaults().propagation(Propagation.NEVER);
        StepVerifier.create(db.inTransaction(without, none -> none.lock(1)))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
        StepVerifier.create(db.inTransaction(without, none -> {
                    none.afterCommit(Mono.empty());
                    return Mono.empty();
                }))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
    }

    private void registerAll(Transaction tx, String prefix) {
        tx.beforeCommit(action(prefix + "before"));
        tx.afterCommit(action(prefix + "committed"));
        tx.afterRollback(action(prefix + "rolled back"));
    }

    private Mono<Void> action(String name) {
        return Mono.fromRunnable(() -> seen.add(name));
    }

    private Mono<Long> count() {
        return db.sql("SELECT count(*) FROM note").as(Long.class).one();
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note + " ORDER BY text", row -> row.getString(1));
    }

    private Mono<Long> write(String text) {
        return db.sql("INSERT INTO note VALUES ($1)").bind(1, text).rowsUpdated();
    }
}
