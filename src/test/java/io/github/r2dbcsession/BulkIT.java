package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Many rows at a time: all of them or none, by arrays and by COPY. */
@DatabaseTest
class BulkIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String SCHEMA = TestDatabase.schema(BulkIT.class);
    private static final String NAME = TestDatabase.applicationName(BulkIT.class);

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(BulkIT.class))
            .pool(PoolSettings.builder().maxSize(2).maxAcquireTime(LIMIT).build())
            .build();
    private final Bulk<Account> accounts = db.bulk("account", Account.class);

    record Account(long id, String owner, Optional<Integer> balance) {}

    record Key(long id) {}

    /** The ways to insert, which have to agree. */
    enum Way {
        INSERT,
        COPY;

        Mono<Long> write(Bulk<Account> bulk, Publisher<Account> rows) {
            return this == COPY ? bulk.copy(rows) : bulk.insert(rows);
        }
    }

    @BeforeEach
    void start() {
        server.execute(
                "DROP TABLE IF EXISTS %1$s.account; CREATE TABLE %1$s.account ".formatted(SCHEMA)
                        + "(id bigint PRIMARY KEY, owner varchar(20) NOT NULL, balance smallint DEFAULT 7 CHECK (balance <> 13))");
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 0);
        db.close().block(LIMIT);
        server.awaitNoBackends(NAME);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void rowsGoInAndProgressIsTold(Way way) {
        List<Long> progress = new CopyOnWriteArrayList<>();

        assertThat(way.write(accounts.chunks(300).onProgress(progress::add), rows(1, 1_000))
                        .block(LIMIT))
                .isEqualTo(1_000);

        assertThat(count()).isEqualTo(1_000);
        assertThat(progress).isSorted().endsWith(1_000L);
        assertThat(server.query(
                        "SELECT owner, balance FROM " + SCHEMA + ".account WHERE id IN (6, 7) ORDER BY id",
                        row -> row.getString(1) + " " + row.getString(2)))
                .containsExactly("owner 6 6", "owner 7 null");
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void noRowsAreNoMistake(Way way) {
        assertThat(way.write(accounts, Flux.empty()).block(LIMIT)).isZero();
    }

    @Test
    void rowsAreInsertedOrUpdatedByTheirKey() {
        accounts.insert(rows(1, 10)).block(LIMIT);

        assertThat(accounts.chunks(3)
                        .upsert(rows(8, 5).map(row -> new Account(row.id(), "new", row.balance())), "id")
                        .block(LIMIT))
                .isEqualTo(5);
        assertThat(accounts.insertMissing(rows(10, 5)).block(LIMIT)).isEqualTo(2);

        assertThat(owners())
                .containsExactly(
                        "owner 1",
                        "owner 2",
                        "owner 3",
                        "owner 4",
                        "owner 5",
                        "owner 6",
                        "owner 7",
                        "new",
                        "new",
                        "new",
                        "new",
                        "new",
                        "owner 13",
                        "owner 14");
    }

    @Test
    void rowsAreUpdatedAndDeletedByTheirKey() {
        accounts.insert(rows(1, 5)).block(LIMIT);

        assertThat(accounts.update(
                                Flux.just(
                                        new Account(2, "second", Optional.empty()),
                                        new Account(9, "none", Optional.of(1))),
                                "id")
                        .block(LIMIT))
                .isEqualTo(1);
        assertThat(db.bulk("account", Key.class)
                        .delete(Flux.just(new Key(1), new Key(3), new Key(10)))
                        .block(LIMIT))
                .isEqualTo(2);

        assertThat(owners()).containsExactly("second", "owner 4", "owner 5");
    }

    @Test
    void aStatementOfOnesOwnReadsTheRows() {
        assertThat(accounts.chunks(4)
                        .run(
                                "INSERT INTO account (id, owner) SELECT id, upper(owner) FROM rows WHERE id <> 2"
                                        + " ON CONFLICT DO NOTHING",
                                rows(1, 6))
                        .block(LIMIT))
                .isEqualTo(5);

        assertThat(owners()).containsExactly("OWNER 1", "OWNER 3", "OWNER 4", "OWNER 5", "OWNER 6");
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aRefusedRowIsNamedAndNothingIsWritten(Way way) {
        for (Account bad : List.of(
                new Account(612, "much too long for its column", Optional.empty()),
                new Account(612, "broken", Optional.of(13)),
                new Account(601, "twice", Optional.empty()))) {
            StepVerifier.create(way.write(accounts.chunks(100), with(bad)))
                    .expectErrorSatisfies(failure -> {
                        assertThat(failure).isInstanceOf(BulkException.class).hasMessageContaining("row 612");
                        assertThat(((BulkException) failure).getSqlState()).isIn("22001", "23514", "23505");
                        assertThat(failure).hasNoSuppressedExceptions();
                    })
                    .verify(LIMIT);
        }
        assertThat(count()).isZero();
    }

    @Test
    void aKeyThatComesTwiceInAChunkIsNamed() {
        StepVerifier.create(accounts.chunks(100).upsert(with(new Account(601, "twice", Optional.empty())), "id"))
                .expectErrorSatisfies(failure -> {
                    assertThat(((BulkException) failure).firstRow()).isEqualTo(612);
                    assertThat(((BulkException) failure).getSqlState()).isEqualTo("21000");
                })
                .verify(LIMIT);
        assertThat(count()).isZero();
    }

    @Test
    void aRowThatBreaksWithAnEarlierChunkIsNamedWithItsChunk() {
        StepVerifier.create(accounts.chunks(100).insert(with(new Account(3, "twice", Optional.empty()))))
                .expectErrorSatisfies(failure -> {
                    assertThat(((BulkException) failure).firstRow()).isEqualTo(601);
                    assertThat(((BulkException) failure).lastRow()).isEqualTo(700);
                })
                .verify(LIMIT);
        assertThat(count()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void insideATransactionAFailureUndoesTheRowsAndNothingElse(Way way) {
        Account bad = new Account(612, "broken", Optional.of(13));

        Long written = db.inTransaction(tx -> accounts.insert(rows(10_001, 5))
                        .then(way.write(accounts.chunks(100), with(bad)).onErrorResume(BulkException.class, refused -> {
                            assertThat(refused.firstRow()).isEqualTo(612);
                            assertThat(refused.lastRow()).isEqualTo(612);
                            return way.write(accounts, rows(20_001, 3));
                        })))
                .block(LIMIT);

        assertThat(written).isEqualTo(3);
        assertThat(count()).isEqualTo(8);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void whatTheRowsFailWithIsPassedOnAndNothingIsWritten(Way way) {
        StepVerifier.create(way.write(
                        accounts.chunks(100),
                        rows(1, 5_000).concatWith(Mono.error(new IllegalArgumentException("the rows end here")))))
                .expectErrorMatches(failure ->
                        failure instanceof IllegalArgumentException && "the rows end here".equals(failure.getMessage()))
                .verify(LIMIT);
        assertThat(count()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aCancelLeavesNothing(Way way) {
        AtomicLong sent = new AtomicLong();
        Disposable write = way.write(
                        accounts.chunks(100),
                        rows(1, 5_000).doOnNext(row -> sent.incrementAndGet()).concatWith(Mono.never()))
                .subscribe();
        await().atMost(LIMIT).until(() -> sent.get() == 5_000);

        write.dispose();

        await().atMost(LIMIT)
                .until(() -> server.backends(NAME).stream().allMatch(backend -> "idle".equals(backend.state())));
        assertThat(count()).isZero();
        assertThat(way.write(accounts, rows(1, 10)).block(LIMIT)).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void rowsWithoutEndEndWithTheFirstThatIsRefused(Way way) {
        AtomicLong cancelled = new AtomicLong();
        Flux<Account> endless = with(new Account(700, "broken", Optional.of(13)))
                .concatWith(Flux.range(1_000, Integer.MAX_VALUE - 1_000).map(BulkIT::row))
                .doOnCancel(cancelled::incrementAndGet);

        StepVerifier.create(way.write(accounts.chunks(100), endless))
                .expectError(BulkException.class)
                .verify(LIMIT);

        await().atMost(LIMIT).until(() -> cancelled.get() > 0);
        assertThat(way.write(accounts, rows(1, 10)).block(LIMIT)).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aLostConnectionFailsAndThePoolHeals(Way way) {
        AtomicLong sent = new AtomicLong();
        var result = way.write(
                        accounts.chunks(100),
                        rows(1, 5_000).doOnNext(row -> sent.incrementAndGet()).concatWith(Mono.never()))
                .toFuture();
        await().atMost(LIMIT).until(() -> sent.get() == 5_000);

        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                row -> row.getBoolean(1),
                NAME);

        if (way == Way.COPY) {
            assertThatThrownBy(result::get).cause().isInstanceOf(NotCommittedException.class);
        } else {
            // Between two chunks nothing is under way that could notice.
            result.cancel(true);
        }
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 0);
        assertThat(count()).isZero();
        assertThat(way.write(accounts, rows(1, 10)).block(LIMIT)).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void rowsAreAskedForAsTheServerTakesThem(Way way) throws Exception {
        AtomicLong sent = new AtomicLong();
        try (java.sql.Connection locker = server.open("locker");
                java.sql.Statement lock = locker.createStatement()) {
            lock.execute("BEGIN; LOCK TABLE " + SCHEMA + ".account IN SHARE MODE");
            var result = way.write(
                            accounts.chunks(100),
                            Flux.range(1, 2_000_000).map(BulkIT::row).doOnNext(row -> sent.incrementAndGet()))
                    .subscribe();
            await().atMost(LIMIT)
                    .until(() -> sent.get() > 0
                            && server.backends(NAME).stream()
                                    .anyMatch(backend -> "Lock".equals(backend.waitEvent())
                                            || "relation".equals(backend.waitEvent())));
            long soon = await().during(Duration.ofMillis(500)).atMost(LIMIT).until(sent::get, now -> now > 0);

            assertThat(soon).isLessThan(1_000_000);
            result.dispose();
            lock.execute("ROLLBACK");
        }
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 0);
        assertThat(count()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void namesAreQuotedWhateverTheyHold(Way way) {
        server.execute(
                "CREATE TABLE IF NOT EXISTS %s.\"odd'; DROP TABLE account; --\"\"Table\" (id bigint, \"Owner\" text, balance int)"
                        .formatted(SCHEMA));
        Bulk<Account> odd = db.bulk(SCHEMA + ".\"odd'; DROP TABLE account; --\"\"Table\"", Account.class);

        assertThat(way.write(odd, rows(1, 5)).block(LIMIT)).isEqualTo(5);
        assertThat(count()).isZero();
    }

    @Test
    void namesThatAreNoTableAreRefusedAndHarmless() {
        for (String name : List.of("nothing", "account; DROP TABLE account", "a.b.c.d", "", "\"account", "account'")) {
            StepVerifier.create(db.bulk(name, Account.class).copy(rows(1, 1)))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOfAny(StatementException.class, io.r2dbc.spi.R2dbcException.class))
                    .verify(LIMIT);
        }
        refused(db.bulk("account; DROP TABLE account", Account.class).insert(rows(1, 1)), "there is no table");
        assertThat(count()).isZero();
    }

    @Test
    void aMistakeIsToldInPlainWords() {
        record Other(long id, String name) {}
        record Odd(Thread id) {}

        assertThatThrownBy(() -> db.bulk("account", String.class)).isInstanceOf(StatementException.class);
        assertThatThrownBy(() -> accounts.chunks(0)).isInstanceOf(IllegalArgumentException.class);
        refused(
                db.bulk("account", Other.class).insert(Flux.just(new Other(1, ""))),
                "Other.name",
                "id, owner, balance");
        refused(accounts.upsert(rows(1, 1), "nobody"), "nobody");
        refused(accounts.update(rows(1, 1)), "key");
        refused(
                db.bulk("account", Odd.class).copy(Flux.just(new Odd(Thread.currentThread()))),
                "java.lang.Thread",
                "bigint");
        refused(accounts.copy(Flux.just(new Account(1, "", Optional.of(70_000)))), "row 1", "balance");
    }

    @ParameterizedTest
    @EnumSource
    void aTextThatPostgresqlCannotHoldIsRefusedAndItsRowNamed(Way way) {
        for (String bad : List.of("half \ud83d", "\ude00", "\ud83d\ud83d\ude00", "a\ude00b")) {
            refused(
                    way.write(
                            accounts.chunks(2),
                            Flux.concat(rows(1, 3), Flux.just(new Account(4, bad, Optional.empty())), rows(5, 3))),
                    "row 4",
                    "owner");
        }
        assertThat(count()).isZero();
        assertThat(way.write(accounts, Flux.just(new Account(1, "\ud83d\ude00", Optional.empty())))
                        .block(LIMIT))
                .isEqualTo(1);
        assertThat(db.sql("SELECT owner FROM account").as(String.class).one().block(LIMIT))
                .isEqualTo("\ud83d\ude00");
    }

    private static void refused(Mono<Long> write, String... told) {
        StepVerifier.create(write)
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContainingAll(told))
                .verify(LIMIT);
    }

    private static Flux<Account> rows(int from, int count) {
        return Flux.range(from, count).map(BulkIT::row);
    }

    private static Account row(int id) {
        return new Account(id, "owner " + id, id % 7 == 0 ? Optional.empty() : Optional.of(id % 7));
    }

    /** A thousand rows, with this one as number 612 at the latest. */
    private static Flux<Account> with(Account bad) {
        List<Account> all = new ArrayList<>(
                IntStream.rangeClosed(1, 1_000).mapToObj(BulkIT::row).toList());
        all.set(611, bad);
        return Flux.fromIterable(all);
    }

    private long count() {
        return server.query("SELECT count(*) FROM " + SCHEMA + ".account", row -> row.getLong(1))
                .get(0);
    }

    private List<String> owners() {
        return server.query("SELECT owner FROM " + SCHEMA + ".account ORDER BY id", row -> row.getString(1));
    }
}
