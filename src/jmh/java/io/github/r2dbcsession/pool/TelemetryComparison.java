package io.github.r2dbcsession.pool;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseBuilder;
import io.github.r2dbcsession.DatabaseListener;
import io.github.r2dbcsession.SlowQueryLog;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.micrometer.DatabaseMetrics;
import io.github.r2dbcsession.micrometer.DatabaseObservations;
import io.github.r2dbcsession.testing.TestDatabase;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Compares a database that nobody listens to with the same under meters, observations, a slow-query log and comments. */
final class TelemetryComparison {

    private TelemetryComparison() {}

    /** Runs the reads; the system properties are those of {@link PoolComparison}. */
    public static void main(String... arguments) {
        PoolComparison.createTable();
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        contestants.put("off", new Contestant.Ours(database().build()));
        contestants.put("off again", new Contestant.Ours(database().build()));
        contestants.put("a silent listener", silent());
        contestants.put("meters", metered(database().build()));
        contestants.put("observations", observed(database().build()));
        contestants.put("everything", everything());
        PoolComparison comparison = new PoolComparison(contestants);
        comparison.reads(16, 128);
        comparison.close();
        System.exit(0);
    }

    private static Contestant silent() {
        Database database = database().build();
        database.listen(new DatabaseListener() {});
        return new Contestant.Ours(database);
    }

    private static Contestant metered(Database database) {
        DatabaseMetrics.of(database).bindTo(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        return new Contestant.Ours(database);
    }

    /** What a tracer does with an observation is its own cost. */
    private static Contestant observed(Database database) {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {
            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
        DatabaseObservations.of(database, registry);
        return new Contestant.Ours(database);
    }

    private static Contestant everything() {
        Database database = database().sqlComment("application", "shop").build();
        metered(database);
        database.listen(SlowQueryLog.of(database, Duration.ofMinutes(1)).withPlans());
        return observed(database);
    }

    private static DatabaseBuilder database() {
        return Database.builder(TestDatabase.get().url())
                .pool(PoolSettings.builder().maxSize(Contestant.POOL_SIZE).build())
                .drainTime(Duration.ZERO);
    }
}
