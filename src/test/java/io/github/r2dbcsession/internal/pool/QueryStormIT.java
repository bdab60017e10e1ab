package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;

/** Queries without a transaction, cut off at random moments in every way Reactor has. */
@DatabaseTest
class QueryStormIT {

    private static final int QUERIES = System.getProperty("scale", "commit").equals("commit") ? 5_000 : 100_000;
    private static final int SIZE = 8;
    private static final int[] FETCH_SIZES = {0, 10, 256};
    private static final int[] ROWS = {1, 1, 1, 10, 300, 1_000, 5_000};
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(QueryStormIT.class);
    private final LeasePool pool = pool(SIZE);

    @AfterEach
    void nothingIsLeft() {
        pool.close(Duration.ZERO).block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void noConnectionIsStuckBusyOrLost() {
        long seed = System.nanoTime();
        System.out.println("Storm of " + QUERIES + " queries, seed " + seed);
        Random random = new Random(seed);

        Flux.range(0, QUERIES).flatMap(i -> cut(query(random), random), 32, 1).blockLast(Duration.ofMinutes(9));

        await("nothing acquired or recovering")
                .atMost(Duration.ofSeconds(5))
                .until(() -> pool.stats().acquired() == 0 && pool.stats().recovering() == 0);
        assertThat(server.backends(name)).noneMatch(backend -> "active".equals(backend.state()));
        assertThat(server.backends(name).size()).isLessThanOrEqualTo(SIZE);

        List<Long> answers = new ArrayList<>();
        for (int i = 0; i < 20 * SIZE; i++) {
            long start = System.nanoTime();
            assertThat(use("SELECT 1", 0).blockLast(LIMIT)).isEqualTo(1);
            answers.add((System.nanoTime() - start) / 1_000);
        }
        Collections.sort(answers);
        System.out.printf(
                "The next queries took %d us at the median, %d us at worst%n",
                answers.get(answers.size() / 2), answers.get(answers.size() - 1));
    }

    @Test
    void whoComesAfterACancelledSleepIsServedAtOnce() {
        LeasePool single = pool(1);
        use(single, "SELECT 1", 0).blockLast(LIMIT);

        use(single, "SELECT pg_sleep(6)", 0)
                .timeout(Duration.ofMillis(500), Mono.empty())
                .blockLast(LIMIT);
        long start = System.nanoTime();
        assertThat(use(single, "SELECT 1", 0).blockLast(LIMIT)).isEqualTo(1);

        System.out.printf(
                "After a cancelled pg_sleep(6) the next answer came in %d ms%n",
                (System.nanoTime() - start) / 1_000_000);
        assertThat(server.backends(name)).noneMatch(backend -> "PgSleep".equals(backend.waitEvent()));
        single.close(Duration.ZERO).block(LIMIT);
    }

    private Flux<Integer> query(Random random) {
        int rows = ROWS[random.nextInt(ROWS.length)];
        String sql =
                random.nextInt(10) == 0 ? "SELECT 1 FROM pg_sleep(0.05)" : "SELECT generate_series(1, " + rows + ")";
        return use(sql, FETCH_SIZES[random.nextInt(FETCH_SIZES.length)]);
    }

    /** Cuts a query off in one of the ways, and completes when that has happened or the query has ended before. */
    private static Mono<Void> cut(Flux<Integer> query, Random random) {
        Duration life = Duration.ofNanos(random.nextInt(8_000_000));
        return switch (random.nextInt(9)) {
            case 0 -> query.timeout(Mono.delay(life)).onErrorComplete().then();
            case 1 -> query.take(1 + random.nextInt(3)).then();
            case 2 -> query.next().then();
            case 3 ->
                Mono.zip(query.then(Mono.just(1)), Mono.delay(life).then(Mono.error(new IllegalStateException())))
                        .onErrorComplete()
                        .then();
            case 4 ->
                Flux.just(1, 2)
                        .concatMap(i -> Mono.delay(life.dividedBy(2)).thenReturn(i))
                        .switchMap(i -> i == 1 ? query : Flux.empty())
                        .then();
            case 5 -> query.takeUntilOther(Mono.delay(life)).then();
            case 6 ->
                Flux.firstWithSignal(query, Mono.delay(life).thenMany(Flux.<Integer>empty()))
                        .then();
            case 7 ->
                Mono.fromSupplier(query::subscribe)
                        .flatMap(running -> Mono.delay(life)
                                .doOnNext(late -> running.dispose())
                                .then());
            default -> query.then();
        };
    }

    private Flux<Integer> use(String sql, int fetchSize) {
        return use(pool, sql, fetchSize);
    }

    private static Flux<Integer> use(LeasePool from, String sql, int fetchSize) {
        return Flux.usingWhen(
                from.acquire(),
                lease -> lease.converse(
                        sql,
                        statement -> statement.fetchSize(fetchSize),
                        result -> result.map(row -> row.get(0) instanceof Integer number ? number : 0)),
                Lease::release);
    }

    private LeasePool pool(int size) {
        Audience none = new Audience() {};
        PoolSettings settings =
                PoolSettings.builder().maxSize(size).maxAcquireTime(LIMIT).build();
        return new LeasePool(
                "storm",
                settings,
                new Connector(
                        ConnectionString.parse(server.url(QueryStormIT.class)),
                        settings.maxCreateConnectionTime(),
                        TcpResources.get(),
                        none,
                        null),
                none);
    }
}
