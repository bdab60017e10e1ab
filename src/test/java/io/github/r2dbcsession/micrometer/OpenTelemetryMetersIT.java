package io.github.r2dbcsession.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Compares with the semantic conventions for database client metrics, 1.36. */
@DatabaseTest
class OpenTelemetryMetersIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final String POOL = "db.client.connection.pool.name";

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(OpenTelemetryMetersIT.class))
            .name("shop")
            .pool(PoolSettings.builder()
                    .maxSize(2)
                    .minIdle(1)
                    .maxAcquireTime(Duration.ofSeconds(2))
                    .build())
            .build();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @AfterEach
    void everythingIsGivenBack() {
        db.close().block(LIMIT);
    }

    @Test
    void operationsHaveTheNamesAttributesAndBucketsOfTheConvention() {
        try (DatabaseMetrics metrics = DatabaseMetrics.openTelemetry(db)) {
            metrics.bindTo(registry);
            db.sql("SELECT 'secret'").named("find").rowsUpdated().retry(20).block(LIMIT);
            db.sql("VALUES (1)").named("find").rowsUpdated().block(LIMIT);
            db.sql("SELECT 1 / (random() * 0)::int")
                    .rowsUpdated()
                    .onErrorComplete()
                    .block(LIMIT);

            assertThat(registry.get("db.client.operation.duration")
                            .tags("db.query.summary", "find", "db.operation.name", "VALUES")
                            .timer()
                            .count())
                    .isEqualTo(1);
            Timer found = operation("find");
            assertThat(found.getId().getTags())
                    .extracting("key", "value")
                    .containsExactlyInAnyOrder(
                            pair("db.system.name", "postgresql"),
                            pair("db.namespace", server.database()),
                            pair("server.address", server.host()),
                            pair("server.port", Integer.toString(server.port())),
                            pair("db.operation.name", "SELECT"),
                            pair("db.query.summary", "find"),
                            pair("db.response.status_code", ""),
                            pair("error.type", ""));
            assertThat(operation("SELECT").getId().getTags())
                    .extracting("key", "value")
                    .contains(pair("db.response.status_code", "22012"), pair("error.type", "22012"));
            assertThat(Arrays.stream(found.takeSnapshot().histogramCounts())
                            .map(CountAtBucket::bucket)
                            .map(nanos -> nanos / 1e9))
                    .containsExactly(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0);
        }
    }

    @Test
    void thePoolHasTheMetersOfTheConvention() {
        try (DatabaseMetrics metrics = DatabaseMetrics.openTelemetry(db)) {
            Session one = db.openSession().retry(20).block(LIMIT);
            Session two = db.openSession().retry(20).block(LIMIT);
            metrics.bindTo(registry);
            db.openSession().onErrorComplete().block(LIMIT);

            assertThat(count("used")).isEqualTo(2);
            assertThat(count("idle")).isZero();
            assertThat(gauge("max")).isEqualTo(2);
            assertThat(gauge("idle.max")).isEqualTo(2);
            assertThat(gauge("idle.min")).isEqualTo(1);
            assertThat(gauge("pending_requests")).isZero();
            assertThat(registry.get("db.client.connection.timeouts")
                            .tag(POOL, "shop")
                            .counter()
                            .count())
                    .isEqualTo(1);
            assertThat(timer("use_time").count()).isZero();

            one.close().then(two.close()).block(LIMIT);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(timer("use_time").count()).isEqualTo(2));
            assertThat(timer("use_time").totalTime(TimeUnit.MILLISECONDS)).isGreaterThan(1_000);

            assertThat(timer("wait_time").count()).isZero();
            assertThat(timer("create_time").count()).isZero();
            db.evictIdle().block(LIMIT);
            db.sql("SELECT 1").rowsUpdated().retry(20).block(LIMIT);
            await().atMost(LIMIT)
                    .until(() -> timer("create_time").count() > 0
                            && timer("wait_time").count() > 0);

            await().atMost(LIMIT)
                    .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
            long uses = timer("use_time").count();
            db.sql("SELECT pg_terminate_backend(pg_backend_pid())")
                    .rowsUpdated()
                    .onErrorComplete()
                    .block(LIMIT);
            await("a connection that was lost was used, too")
                    .atMost(LIMIT)
                    .untilAsserted(() -> assertThat(timer("use_time").count()).isEqualTo(uses + 1));
        }
    }

    @Test
    void prometheusTakesThem() {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (DatabaseMetrics metrics = DatabaseMetrics.openTelemetry(db);
                DatabaseMetrics both = DatabaseMetrics.of(db)) {
            metrics.bindTo(prometheus);
            both.bindTo(prometheus);
            db.sql("SELECT 1").rowsUpdated().retry(20).block(LIMIT);

            assertThat(prometheus.scrape())
                    .contains("db_client_connection_count{")
                    .contains("db_client_connection_timeouts_total{")
                    .contains("db_client_connection_wait_time_seconds_bucket{")
                    .contains("db_client_operation_duration_seconds_bucket{")
                    .contains("db_query_summary=\"SELECT\"")
                    .contains("le=\"0.005\"");
        }
    }

    private Timer operation(String summary) {
        return registry.get("db.client.operation.duration")
                .tags("db.query.summary", summary, "db.operation.name", "SELECT")
                .timer();
    }

    private Timer timer(String name) {
        return registry.get("db.client.connection." + name).tag(POOL, "shop").timer();
    }

    private double count(String state) {
        return registry.get("db.client.connection.count")
                .tags(POOL, "shop", "db.client.connection.state", state)
                .gauge()
                .value();
    }

    private double gauge(String name) {
        return registry.get("db.client.connection." + name)
                .tag(POOL, "shop")
                .gauge()
                .value();
    }

    private static Tuple pair(String key, String value) {
        return Tuple.tuple(key, value);
    }
}
