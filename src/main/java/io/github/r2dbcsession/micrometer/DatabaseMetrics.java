package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.pool.PoolStats;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import reactor.core.Disposable;

/**
 * Publishes the figures of a {@link Database}: Spring Boot's six {@code r2dbc.pool} gauges under their names, and a timer of acquires.
 * Each meter carries the database's name as the tag {@code name}, so names must differ within a registry. Thread-safe.
 */
public final class DatabaseMetrics implements MeterBinder, AutoCloseable {

    private final Database database;
    private final List<Runnable> undo = new ArrayList<>();

    private DatabaseMetrics(Database database) {
        this.database = Objects.requireNonNull(database, "database");
    }

    /** Returns the metrics of a database. Registers nothing before {@link #bindTo}. */
    public static DatabaseMetrics of(Database database) {
        return new DatabaseMetrics(database);
    }

    /** Registers the meters and begins to time acquires, until {@link #close}. */
    @Override
    public void bindTo(MeterRegistry registry) {
        Tags tags = Tags.of("name", database.name());
        List<Meter> meters = new ArrayList<>();
        meters.add(gauge(registry, tags, "acquired", PoolStats::acquired, "Connections in the hands of callers"));
        meters.add(gauge(registry, tags, "allocated", PoolStats::allocated, "Open connections"));
        meters.add(gauge(registry, tags, "idle", PoolStats::idle, "Connections ready to be lent"));
        meters.add(gauge(registry, tags, "pending", PoolStats::pending, "Callers waiting for a connection"));
        meters.add(gauge(registry, tags, "max.allocated", PoolStats::maxSize, "Connections there may be at most"));
        // Boot's figure for a pool that bounds its waiting callers by time and not by number.
        meters.add(gauge(registry, tags, "max.pending", stats -> Integer.MAX_VALUE, "Callers that may wait at most"));
        AcquireTimer timer = new AcquireTimer(registry, tags);
        meters.addAll(timer.meters());
        Disposable listening = database.listen(timer);
        synchronized (undo) {
            undo.add(listening::dispose);
            meters.forEach(meter -> undo.add(() -> registry.remove(meter)));
        }
    }

    private Gauge gauge(
            MeterRegistry registry, Tags tags, String name, ToDoubleFunction<PoolStats> figure, String description) {
        return Gauge.builder("r2dbc.pool." + name, database, source -> figure.applyAsDouble(source.stats()))
                .tags(tags)
                .baseUnit("connections")
                .description(description)
                .register(registry);
    }

    /** Removes the meters from every registry and stops timing. Safe to call twice. */
    @Override
    public void close() {
        synchronized (undo) {
            undo.forEach(Runnable::run);
            undo.clear();
        }
    }
}
