package io.github.r2dbcsession.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.TransactionOptions;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@DatabaseTest
class DatabaseMetricsIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final Duration HURRY = Duration.ofSeconds(2);

    private final Database db = database(TestDatabase.get().url(DatabaseMetricsIT.class), LIMIT);
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @AfterEach
    void everythingIsGivenBack() {
        db.close().block(LIMIT);
    }

    @Test
    void gaugesFollowThePool() {
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(registry);
            assertThat(gauge("allocated")).isZero();
            Session only = db.openSession().block(LIMIT);
            Disposable waiting = db.openSession().subscribe();

            assertThat(gauge("acquired")).isEqualTo(1);
            assertThat(gauge("allocated")).isEqualTo(1);
            assertThat(gauge("idle")).isZero();
            assertThat(gauge("pending")).isEqualTo(1);
            assertThat(gauge("max.allocated")).isEqualTo(1);
            assertThat(gauge("max.pending")).isEqualTo(Integer.MAX_VALUE);

            waiting.dispose();
            only.close().block(LIMIT);
            assertThat(gauge("acquired")).isZero();
            assertThat(gauge("idle")).isEqualTo(1);
            assertThat(gauge("pending")).isZero();
        }
    }

    @Test
    void acquiresAreTimedApartByOutcome() {
        Database hurried = database(TestDatabase.get().url(DatabaseMetricsIT.class), HURRY);
        Database refused = database("postgresql://app:x@127.0.0.1:1/shop", HURRY);
        connectInTime(hurried);
        try (DatabaseMetrics metrics = DatabaseMetrics.of(hurried);
                DatabaseMetrics refusedMetrics = DatabaseMetrics.of(refused)) {
            metrics.bindTo(registry);
            MeterRegistry other = new SimpleMeterRegistry();
            refusedMetrics.bindTo(other);
            Session only = hurried.openSession().block(LIMIT);
            hurried.openSession().onErrorComplete().block(LIMIT);
            hurried.openSession().subscribe().dispose();
            only.close().block(LIMIT);
            refused.openSession().onErrorComplete().block(LIMIT);

            assertThat(acquires(registry, "acquired").count()).isEqualTo(1);
            assertThat(acquires(registry, "acquired").totalTime(TimeUnit.NANOSECONDS))
                    .isPositive();
            assertThat(acquires(registry, "timeout").count()).isEqualTo(1);
            assertThat(acquires(registry, "timeout").totalTime(TimeUnit.MILLISECONDS))
                    .isGreaterThanOrEqualTo(HURRY.toMillis() - 10.0);
            assertThat(acquires(registry, "cancelled").count()).isEqualTo(1);
            assertThat(acquires(registry, "failed").count()).isZero();
            assertThat(acquires(other, "failed").count()).isEqualTo(1);
        }
        refused.close().block(LIMIT);
        hurried.close().block(LIMIT);
    }

    @Test
    void closingRemovesTheMetersAndTheListener() {
        DatabaseMetrics metrics = DatabaseMetrics.of(db);
        metrics.bindTo(registry);
        MeterRegistry second = new SimpleMeterRegistry();
        metrics.bindTo(second);
        Timer timer = acquires(registry, "acquired");
        assertThat(second.getMeters()).hasSameSizeAs(registry.getMeters());

        metrics.close();
        metrics.close();
        db.openSession().flatMap(Session::close).block(LIMIT);

        assertThat(registry.getMeters()).isEmpty();
        assertThat(second.getMeters()).isEmpty();
        assertThat(timer.count()).isZero();
    }

    @Test
    void usesConnectsAndRecoveriesAreTimed() {
        Database refused = database("postgresql://app:x@127.0.0.1:1/shop", HURRY);
        MeterRegistry other = new SimpleMeterRegistry();
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db);
                DatabaseMetrics refusedMetrics = DatabaseMetrics.of(refused)) {
            metrics.bindTo(registry);
            refusedMetrics.bindTo(other);
            db.inSession(session -> Mono.delay(Duration.ofMillis(60))).block(LIMIT);
            awaitQuiet();
            double recoveries = timer("pool.recovery").count();
            db.sql("SET work_mem = '5MB'").rowsUpdated().block(LIMIT);
            awaitQuiet();
            await().atMost(LIMIT).until(() -> timer("pool.recovery").count() == (long) recoveries + 1);
            assertThat(timer("pool.recovery").max(TimeUnit.MICROSECONDS))
                    .as("a round trip")
                    .isBetween(10.0, (double) TimeUnit.SECONDS.toMicros(25));
            db.inSession(session -> session.sql("SELECT pg_terminate_backend(pg_backend_pid())")
                            .rowsUpdated()
                            .onErrorComplete())
                    .block(LIMIT);
            refused.openSession().onErrorComplete().block(LIMIT);

            assertThat(timer("pool.create", "outcome", "connected").count()).isEqualTo(1);
            assertThat(timer("pool.create", "outcome", "connected").totalTime(TimeUnit.NANOSECONDS))
                    .isPositive();
            assertThat(other.get("r2dbc.pool.create")
                            .tag("outcome", "failed")
                            .timer()
                            .count())
                    .isPositive();
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(
                                    timer("pool.use", "outcome", "invalidated").count())
                            .isEqualTo(1));
            assertThat(timer("pool.use", "outcome", "released").count()).isEqualTo(2);
            assertThat(timer("pool.use", "outcome", "released").max(TimeUnit.MILLISECONDS))
                    .isGreaterThanOrEqualTo(50);
        }
        refused.close().block(LIMIT);
    }

    @Test
    void queriesAreTimedByOperationAndOutcome() {
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(registry);
            db.sql("SELECT 1").rowsUpdated().block(LIMIT);
            db.sql("select 2").rowsUpdated().block(LIMIT);
            db.sql("SELECT pg_sleep(0.06)").named("three").rowsUpdated().block(LIMIT);
            db.sql("SELECT 1 / (random() * 0)::int")
                    .rowsUpdated()
                    .onErrorComplete()
                    .block(LIMIT);

            assertThat(timer("query", "operation", "SELECT", "outcome", "completed")
                            .count())
                    .isEqualTo(2);
            assertThat(timer("query", "operation", "three", "outcome", "completed")
                            .count())
                    .isEqualTo(1);
            assertThat(timer("query", "operation", "three", "outcome", "completed")
                            .max(TimeUnit.MILLISECONDS))
                    .isBetween(50.0, (double) LIMIT.toMillis());
            assertThat(timer("query", "operation", "SELECT", "outcome", "failed")
                            .count())
                    .isEqualTo(1);
        }
    }

    @Test
    void thereAreNeverMoreThanAHundredOperations() {
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(registry);
            Flux.range(0, 110)
                    .concatMap(i -> db.sql("SELECT 1").named("name-" + i).rowsUpdated())
                    .blockLast(LIMIT);

            assertThat(registry.find("r2dbc.query").timers()).hasSize(101);
            assertThat(timer("query", "operation", "OTHER", "outcome", "completed")
                            .count())
                    .isEqualTo(10);
        }
    }

    @Test
    void transactionsAreTimedByOutcomeAndRetriesCounted() {
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(registry);
            AtomicInteger runs = new AtomicInteger();
            db.inTransaction(
                            TransactionOptions.defaults().retry(3),
                            tx -> tx.sql(
                                            runs.incrementAndGet() == 1
                                                    ? "DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$"
                                                    : "SELECT 1")
                                    .rowsUpdated())
                    .block(LIMIT);
            db.inTransaction(tx -> tx.sql("SELECT pg_sleep(0.06)").rowsUpdated())
                    .block(LIMIT);

            assertThat(timer("transaction", "outcome", "rolled_back").count()).isEqualTo(1);
            assertThat(timer("transaction", "outcome", "committed").count()).isEqualTo(2);
            assertThat(timer("transaction", "outcome", "committed").max(TimeUnit.MILLISECONDS))
                    .isBetween(50.0, (double) LIMIT.toMillis());
            assertThat(counter("transaction.retries", "outcome", "retried")).isEqualTo(1);
            assertThat(counter("transaction.retries", "outcome", "refused")).isZero();
        }
    }

    @Test
    void retriesThatTheBudgetRefusesAreCountedApart() {
        new SessionMeters(db, new OwnMeters(db, registry)).onRetryRefused(new IllegalStateException("conflict"), 1);

        assertThat(counter("transaction.retries", "outcome", "refused")).isEqualTo(1);
        assertThat(counter("transaction.retries", "outcome", "retried")).isZero();
    }

    @Test
    void timeoutsExhaustionLeaksAndEvictionsAreCounted() {
        Database leaking = Database.builder(TestDatabase.get().url(DatabaseMetricsIT.class))
                .name("shop")
                .pool(PoolSettings.builder()
                        .maxSize(1)
                        .maxAcquireTime(HURRY)
                        .leakDetectionThreshold(Duration.ofSeconds(1))
                        .build())
                .build();
        connectInTime(leaking);
        try (DatabaseMetrics metrics = DatabaseMetrics.of(leaking)) {
            metrics.bindTo(registry);
            Session only = leaking.openSession().block(LIMIT);
            leaking.openSession().onErrorComplete().block(LIMIT);
            assertThat(counter("pool.timeouts")).isEqualTo(1);
            assertThat(counter("pool.exhaustions")).isEqualTo(1);
            await().atMost(LIMIT).until(() -> counter("pool.leaks") == 1);
            only.close().block(LIMIT);
            leaking.evictIdle().block(LIMIT);
            await().atMost(LIMIT).until(() -> counter("pool.evictions", "reason", "evicted") == 1);
            assertThat(counter("pool.evictions", "reason", "lost")).isZero();
        } finally {
            leaking.close().block(LIMIT);
        }
    }

    @Test
    void prometheusShowsTheNamesThatBootGives() {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(prometheus);

            assertThat(prometheus.scrape())
                    .contains("r2dbc_pool_acquired_connections{name=\"shop\"} 0.0")
                    .contains("r2dbc_pool_allocated_connections{name=\"shop\"} 0.0")
                    .contains("r2dbc_pool_idle_connections{name=\"shop\"} 0.0")
                    .contains("r2dbc_pool_pending_connections{name=\"shop\"} 0.0")
                    .contains("r2dbc_pool_max_allocated_connections{name=\"shop\"} 1.0")
                    .contains("r2dbc_pool_max_pending_connections{name=\"shop\"} 2.147483647E9")
                    .contains("r2dbc_pool_acquire_seconds_count{name=\"shop\",outcome=\"timeout\"} 0");
        }
    }

    @Test
    void theReferencePageListsTheMetersThereAre() throws IOException {
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db);
                DatabaseMetrics openTelemetry = DatabaseMetrics.openTelemetry(db)) {
            metrics.bindTo(registry);
            openTelemetry.bindTo(registry);
            db.sql("SELECT 1").rowsUpdated().block(LIMIT);

            Set<String> documented = Files.readAllLines(Path.of("docs/reference/meters.md")).stream()
                    .filter(line -> line.startsWith("| `r2dbc.pool")
                            || line.startsWith("| `r2dbc.query")
                            || line.startsWith("| `r2dbc.transaction")
                            || line.startsWith("| `db.client."))
                    .map(DatabaseMetricsIT::firstFourCells)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(documented)
                    .isEqualTo(registry.getMeters().stream()
                            .map(Meter::getId)
                            .filter(id -> !id.getName().endsWith(".histogram"))
                            .map(DatabaseMetricsIT::row)
                            .collect(Collectors.toCollection(TreeSet::new)));
        }
    }

    private static String firstFourCells(String line) {
        return Arrays.stream(line.split("\\|", -1))
                .skip(1)
                .limit(4)
                .map(String::strip)
                .collect(Collectors.joining("|"));
    }

    private static String row(Meter.Id id) {
        String unit = id.getBaseUnit() == null ? "" : id.getBaseUnit();
        String tags = id.getTags().stream().map(tag -> "`" + tag.getKey() + "`").collect(Collectors.joining(", "));
        return "`" + id.getName() + "`|" + id.getType().name().toLowerCase(Locale.ROOT) + "|" + unit + "|" + tags;
    }

    private double gauge(String name) {
        return registry.get("r2dbc.pool." + name).tag("name", "shop").gauge().value();
    }

    /** A busy machine may take longer for a connect than callers are to wait here. */
    private static void connectInTime(Database database) {
        database.openSession().retry(20).flatMap(Session::close).block(LIMIT);
    }

    private Timer timer(String name, String... tags) {
        return registry.get("r2dbc." + name).tags(tags).timer();
    }

    private double counter(String name, String... tags) {
        return registry.get("r2dbc." + name).tags(tags).counter().count();
    }

    private void awaitQuiet() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
    }

    private static Timer acquires(MeterRegistry registry, String outcome) {
        return registry.get("r2dbc.pool.acquire")
                .tags("name", "shop", "outcome", outcome)
                .timer();
    }

    private static Database database(String url, Duration limit) {
        return Database.builder(url)
                .name("shop")
                .pool(PoolSettings.builder().maxSize(1).maxAcquireTime(limit).build())
                .build();
    }
}
