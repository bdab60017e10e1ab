package io.github.r2dbcsession.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
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
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

@DatabaseTest
class DatabaseMetricsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Database db = database(TestDatabase.get().url(DatabaseMetricsIT.class));
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
        Database refused = database("postgresql://app:x@127.0.0.1:1/shop");
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db);
                DatabaseMetrics refusedMetrics = DatabaseMetrics.of(refused)) {
            metrics.bindTo(registry);
            MeterRegistry other = new SimpleMeterRegistry();
            refusedMetrics.bindTo(other);
            Session only = db.openSession().block(LIMIT);
            db.openSession().onErrorComplete().block(LIMIT);
            db.openSession().subscribe().dispose();
            only.close().block(LIMIT);
            refused.openSession().onErrorComplete().block(LIMIT);

            assertThat(acquires(registry, "acquired").count()).isEqualTo(1);
            assertThat(acquires(registry, "acquired").totalTime(TimeUnit.NANOSECONDS))
                    .isPositive();
            assertThat(acquires(registry, "timeout").count()).isEqualTo(1);
            assertThat(acquires(registry, "timeout").totalTime(TimeUnit.MILLISECONDS))
                    .isBetween(290.0, 1000.0);
            assertThat(acquires(registry, "cancelled").count()).isEqualTo(1);
            assertThat(acquires(registry, "failed").count()).isZero();
            assertThat(acquires(other, "failed").count()).isEqualTo(1);
        }
        refused.close().block(LIMIT);
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
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(registry);

            Set<String> documented = Files.readAllLines(Path.of("docs/reference/meters.md")).stream()
                    .filter(line -> line.startsWith("| `"))
                    .map(DatabaseMetricsIT::firstFourCells)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(documented)
                    .isEqualTo(registry.getMeters().stream()
                            .map(Meter::getId)
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

    private static Timer acquires(MeterRegistry registry, String outcome) {
        return registry.get("r2dbc.pool.acquire")
                .tags("name", "shop", "outcome", outcome)
                .timer();
    }

    private static Database database(String url) {
        return Database.builder(url)
                .name("shop")
                .pool(PoolSettings.builder()
                        .maxSize(1)
                        .maxAcquireTime(Duration.ofMillis(300))
                        .build())
                .build();
    }
}
