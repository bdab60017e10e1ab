package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.pool.PoolStats;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The meters of one database in one registry, all of which go when it is closed. Thread-safe. */
final class OwnMeters {

    /** The boundaries that OpenTelemetry gives for database operations. */
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10)
    };

    private final Database database;
    private final MeterRegistry registry;
    private final Queue<Meter> registered = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /** Registers nothing yet. */
    OwnMeters(Database database, MeterRegistry registry) {
        this.database = database;
        this.registry = registry;
    }

    void gauge(String name, @Nullable String unit, String description, Tags tags, ToDoubleFunction<PoolStats> figure) {
        own(Gauge.builder(name, database, source -> figure.applyAsDouble(source.stats()))
                .tags(tags)
                .baseUnit(unit)
                .description(description)
                .register(registry));
    }

    Timer timer(String name, String description, Tags tags) {
        return own(Timer.builder(name)
                .tags(tags)
                .description(description)
                .serviceLevelObjectives(BUCKETS)
                .register(registry));
    }

    Counter counter(String name, String description, Tags tags) {
        return own(Counter.builder(name).tags(tags).description(description).register(registry));
    }

    private <M extends Meter> M own(M meter) {
        registered.add(meter);
        if (closed) {
            remove();
        }
        return meter;
    }

    void close() {
        closed = true;
        remove();
    }

    private void remove() {
        for (Meter meter = registered.poll(); meter != null; meter = registered.poll()) {
            registry.remove(meter);
        }
    }
}
