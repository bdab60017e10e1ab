package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.Backend;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Loads of single rows that share statements. */
@DatabaseTest
class LoaderIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int STORM = Integer.getInteger("loader.storm", 3_000);

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(LoaderIT.class);
    private final String account = TestDatabase.schema(LoaderIT.class) + ".account";
    private final Database db = database().build();

    record Account(long id, String owner, int together) {}

    record Seen(long id, String tenant) {}

    @BeforeEach
    void start() {
        server.execute("DROP TABLE IF EXISTS " + account);
        server.execute("CREATE TABLE " + account + " (id bigint, owner text)");
        server.execute("INSERT INTO " + account + " SELECT i, 'owner ' || i FROM generate_series(1, 1000) i");
    }

    @AfterEach
    void everythingIsGivenBack() {
        awaitQuiet(db);
        db.close().block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void whatComesWhileStatementsAreUnderWayGoesTogether() {
        List<Account> read = loadAll(accounts(), 1, 500);

        assertThat(read).extracting(Account::id).doesNotHaveDuplicates().hasSize(500);
        assertThat(read).allSatisfy(row -> assertThat(row.owner()).isEqualTo("owner " + row.id()));
        assertThat(read.get(0).together()).isEqualTo(1);
        assertThat(read).extracting(Account::together).anyMatch(together -> together > 100);
    }

    @Test
    void aStatementHasAtMostSoManyKeys() {
        List<Account> read = loadAll(accounts().limits(7, 1), 1, 100);

        assertThat(read).hasSize(100);
        assertThat(read).extracting(Account::together).allMatch(together -> together <= 7);
        assertThat(read).extracting(Account::together).anyMatch(together -> together == 7);
    }

    @Test
    void aMissIsEmptyAndDuplicatesShareTheirRow() {
        Loader<Long, Account> loader = accounts().limits(10, 1);
        Mono<Long> held = hold(loader);

        List<Optional<Account>> read = Flux.just(5L, 5L, -1L, 6L, 5L)
                .flatMapSequential(key -> loader.load(key).singleOptional(), 10)
                .collectList()
                .zipWith(held, (rows, blocked) -> rows)
                .block(LIMIT);

        assertThat(read).hasSize(5);
        assertThat(read.get(2)).isEmpty();
        assertThat(read.get(0).orElseThrow())
                .isSameAs(read.get(1).orElseThrow())
                .isSameAs(read.get(4).orElseThrow());
        assertThat(read.get(3).orElseThrow().together()).isEqualTo(3);
    }

    @Test
    void twoRowsOfOneKeyFailItsLoadsOnly() {
        server.execute("INSERT INTO " + account + " VALUES (5, 'another')");
        Loader<Long, Account> loader = accounts();

        StepVerifier.create(Flux.just(4L, 5L, 6L)
                        .flatMapSequential(key -> loader.load(key)
                                .map(Account::owner)
                                .onErrorResume(TooManyRowsException.class, several -> Mono.just(several.getMessage()))))
                .expectNext(
                        "owner 4",
                        "a loader's statement returned more than one row for a key: a loader is for rows with a unique key",
                        "owner 6")
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aFailedStatementFailsItsOwnLoadsOnly() {
        Loader<Long, Seen> loader = db.loader(
                        "SELECT id, (1 / (id - 7))::text AS tenant FROM " + account + " WHERE id = ANY(:ids)",
                        Seen.class,
                        Seen::id)
                .limits(2, 3);

        List<Long> failed = Flux.range(1, 20)
                .flatMap(
                        key -> loader.load((long) key).thenReturn(0L).onErrorResume(failure -> {
                            assertThat(Failures.sqlState(failure)).isEqualTo("22012");
                            return Mono.just((long) key);
                        }),
                        20)
                .filter(key -> key != 0)
                .collectList()
                .block(LIMIT);

        assertThat(failed).contains(7L).hasSizeLessThanOrEqualTo(2);
        StepVerifier.create(loader.load(8L)).expectNextCount(1).expectComplete().verify(LIMIT);
    }

    @Test
    void aCancelTakesOutOneLoadAndDisturbsNoOther() throws Exception {
        Loader<Long, Account> loader = accounts().limits(1_000, 1);
        Mono<Long> held = hold(loader);
        CompletableFuture<Account> stays = loader.load(2L).toFuture();
        Disposable waits = loader.load(1L).subscribe();
        Disposable same = loader.load(2L).subscribe();

        waits.dispose();
        same.dispose();
        held.block(LIMIT);

        assertThat(stays.get(30, TimeUnit.SECONDS).together()).isEqualTo(1);
    }

    @Test
    void theStatementIsCancelledWithTheLastOfItsLoads() throws Exception {
        Loader<Long, Seen> loader = sleepy();
        Disposable first = loader.load(1L).subscribe();
        awaitActive();
        List<String> firstStart = starts();
        Disposable second = loader.load(2L).subscribe();
        Disposable third = loader.load(3L).subscribe();

        first.dispose();
        List<String> secondStart =
                await().atMost(LIMIT).until(this::starts, now -> now.size() == 1 && !now.equals(firstStart));
        second.dispose();
        CompletableFuture<Account> other = accounts().load(9L).toFuture();
        assertThat(other.get(30, TimeUnit.SECONDS).owner()).isEqualTo("owner 9");
        assertThat(starts()).isEqualTo(secondStart);
        third.dispose();

        await().atMost(LIMIT).until(() -> starts().isEmpty());
        StepVerifier.create(accounts().load(1L))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aLostConnectionFailsWhatIsUnderWayAndNothingElse() throws Exception {
        Loader<Long, Seen> loader = sleepy();
        CompletableFuture<Seen> underWay = loader.load(1L).toFuture();
        awaitActive();

        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                row -> row.getBoolean(1),
                name);

        assertThatThrownBy(() -> underWay.get(30, TimeUnit.SECONDS)).cause().isNotNull();
        StepVerifier.create(accounts().load(1L))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void insideATransactionALoadSeesWhatThatHasWrittenAndNoOtherLoadDoes() {
        Loader<Long, Account> loader = accounts();

        List<Object> seen = db.inTransaction(tx -> tx.sql("INSERT INTO " + account + " VALUES (2000, 'new')")
                        .rowsUpdated()
                        .then(Mono.zip(
                                List.of(
                                        loader.load(2000L).map(Account::owner),
                                        loader.load(1L).map(Account::owner),
                                        tx.bind(loader.load(2000L)).map(Account::owner),
                                        loader.load(2000L)
                                                .map(Account::owner)
                                                .defaultIfEmpty("none")
                                                .contextWrite(context -> reactor.util.context.Context.empty())),
                                rows -> List.of(rows))))
                .block(LIMIT);

        assertThat(seen).containsExactly("new", "owner 1", "new", "none");
    }

    @Test
    void aLoadInAFailedTransactionFailsAlone() {
        Loader<Long, Account> loader = accounts();
        Mono<?> broken = db.inTransaction(tx -> tx.sql("SELECT 1 / 0")
                .rowsUpdated()
                .onErrorResume(failed -> loader.load(1L).thenReturn(1L)));

        StepVerifier.create(Flux.range(0, 50)
                        .flatMap(
                                i -> i % 5 == 0
                                        ? broken.then(Mono.just("")).onErrorReturn("broken")
                                        : loader.load(3L).map(Account::owner),
                                50)
                        .distinct()
                        .sort())
                .expectNext("broken", "owner 3")
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void insideASessionScopeLoadsShareItsConnection() {
        Loader<Long, Seen> loader = db.loader(
                "SELECT id, pg_backend_pid()::text AS tenant FROM " + account + " WHERE id = ANY(:ids)",
                Seen.class,
                Seen::id);
        Database alone =
                database().pool(PoolSettings.builder().maxSize(1).build()).build();
        Loader<Long, Account> single = accounts(alone);

        Long pids = db.sessionScope(Flux.range(1, 20)
                        .flatMap(key -> loader.load((long) key), 20)
                        .map(Seen::tenant)
                        .distinct()
                        .count())
                .block(LIMIT);
        Account within = alone.sessionScope(
                        alone.sql("SELECT 1").as(Integer.class).one().then(single.load(1L)))
                .block(LIMIT);

        assertThat(pids).isEqualTo(1);
        assertThat(within).isNotNull();
        awaitQuiet(alone);
        alone.close().block(LIMIT);
    }

    @Test
    void loadsOfDifferentTenantsAreNeverGathered() {
        Database tenants = database()
                .contextSetting(ContextSetting.required("app.tenant", "tenant"))
                .build();
        Loader<Long, Seen> loader = tenants.loader(
                "SELECT id, current_setting('app.tenant') AS tenant FROM " + account + " WHERE id = ANY(:ids)",
                Seen.class,
                Seen::id);

        StepVerifier.create(Flux.range(1, 400)
                        .flatMap(
                                i -> loader.load((long) i % 5 + 1)
                                        .map(seen -> seen.tenant().equals("t" + i % 7))
                                        .contextWrite(context -> context.put("tenant", "t" + i % 7))
                                        .subscribeOn(Schedulers.parallel()),
                                400)
                        .distinct())
                .expectNext(true)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(loader.load(1L))
                .expectError(ContextValueException.class)
                .verify(LIMIT);

        awaitQuiet(tenants);
        tenants.close().block(LIMIT);
    }

    @Test
    void keysAreValuesHoweverTheyLook() {
        List<String> hostile =
                List.of("'; DROP TABLE account; --", "{a,\"b\\\"}", "NULL", "", "\u00e4\ud83d\ude00", "a,b", "\\");
        server.execute("CREATE TABLE IF NOT EXISTS " + account + "_named (id text)");
        db.sql("INSERT INTO " + account + "_named SELECT unnest(:ids::text[])")
                .bind("ids", hostile)
                .rowsUpdated()
                .block(LIMIT);
        Loader<String, String> loader =
                db.loader("SELECT id FROM " + account + "_named WHERE id = ANY(:ids)", String.class, name -> name);

        assertThat(Flux.fromIterable(hostile)
                        .flatMapSequential(loader::load, 10)
                        .collectList()
                        .block(LIMIT))
                .isEqualTo(hostile);
    }

    @Test
    void aMistakeIsToldInPlainWords() {
        assertThatThrownBy(() -> db.loader("SELECT 1", Long.class, id -> id))
                .isInstanceOf(StatementException.class)
                .hasMessageContaining("one parameter");
        assertThatThrownBy(() -> accounts().limits(0, 1)).isInstanceOf(IllegalArgumentException.class);
        Loader<Object, Account> wrong = db.loader(
                "SELECT id, owner, 1 AS together FROM " + account + " WHERE id = ANY(:ids)", Account.class, row ->
                        (int) row.id());
        StepVerifier.create(wrong.load(1L))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("java.lang.Integer")
                        .hasMessageContaining("java.lang.Long"))
                .verify(LIMIT);
    }

    @Test
    void aClosedDatabaseFailsEveryLoad() {
        Database closed = database().build();
        Loader<Long, Account> loader = accounts(closed).limits(1, 1);
        closed.close().block(LIMIT);

        StepVerifier.create(Flux.range(0, 20_000)
                        .flatMap(key -> loader.load((long) key).thenReturn(0).onErrorReturn(1), 20_000)
                        .reduce(0, Integer::sum))
                .expectNext(20_000)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aStormOfCancelsLeavesEveryOtherLoadItsRow() {
        long seed = System.nanoTime();
        System.out.println("LoaderIT seed " + seed);
        Random random = new Random(seed);
        Loader<Long, Account> loader = accounts().limits(16, 2);
        List<Mono<Boolean>> loads = new ArrayList<>();
        for (int i = 0; i < STORM; i++) {
            long key = random.nextInt(1_100) + 1L;
            Mono<Boolean> right = loader.load(key)
                    .map(row -> row.id() == key && key <= 1_000)
                    .defaultIfEmpty(key > 1_000)
                    .subscribeOn(Schedulers.parallel());
            loads.add(
                    random.nextInt(10) < 7
                            ? right.takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(3_000_000))))
                                    .defaultIfEmpty(true)
                            : right);
        }

        StepVerifier.create(Flux.merge(Flux.fromIterable(loads), 256).distinct())
                .expectNext(true)
                .expectComplete()
                .verify(Duration.ofSeconds(60));
    }

    /** Keeps the only statement of a loader under way until all is subscribed to that a test wants together. */
    private Mono<Long> hold(Loader<Long, Account> loader) {
        Connection locker = server.open("locker");
        run(locker, "BEGIN; LOCK TABLE " + account + " IN ACCESS EXCLUSIVE MODE");
        CompletableFuture<Account> first = loader.load(1_000L).toFuture();
        awaitActive();
        return Mono.fromRunnable(() -> run(locker, "ROLLBACK"))
                .subscribeOn(Schedulers.boundedElastic())
                .then(Mono.fromFuture(first))
                .map(Account::id);
    }

    private static void run(Connection locker, String sql) {
        try (Statement statement = locker.createStatement()) {
            statement.execute(sql);
            if (sql.equals("ROLLBACK")) {
                locker.close();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Loader<Long, Seen> sleepy() {
        return db.loader(
                        "SELECT id, pg_sleep(30)::text AS tenant FROM " + account + " WHERE id = ANY(:ids)",
                        Seen.class,
                        Seen::id)
                .limits(1_000, 1);
    }

    /** When the statements began that sleep now. */
    private List<String> starts() {
        return server.query(
                "SELECT query_start FROM pg_stat_activity WHERE application_name = ? AND state = 'active'"
                        + " AND query LIKE '%sleep%'",
                row -> row.getString(1), name);
    }

    private static List<Account> loadAll(Loader<Long, Account> loader, int from, int count) {
        return Flux.range(from, count)
                .flatMapSequential(key -> loader.load((long) key), count)
                .collectList()
                .block(LIMIT);
    }

    private Loader<Long, Account> accounts() {
        return accounts(db);
    }

    private Loader<Long, Account> accounts(Database database) {
        return database.loader(
                "SELECT id, owner, cardinality(:ids) AS together FROM " + account + " WHERE id = ANY(:ids)",
                Account.class,
                Account::id);
    }

    private DatabaseBuilder database() {
        return Database.builder(server.url(LoaderIT.class))
                .pool(PoolSettings.builder().maxSize(4).maxAcquireTime(LIMIT).build());
    }

    private void awaitActive() {
        await().atMost(LIMIT).until(() -> !active().isEmpty());
    }

    private List<String> active() {
        return server.backends(name).stream()
                .filter(backend -> "active".equals(backend.state()))
                .map(Backend::query)
                .toList();
    }

    private static void awaitQuiet(Database database) {
        await().atMost(LIMIT).until(() -> database.stats().acquired() == 0);
    }
}
