package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import reactor.core.Disposable;

/**
 * Publishes the figures of a {@link Database}: gauges of its pool, timers of acquires, uses, connects, recoveries, statements and
 * transactions, counters of what goes wrong. Names of databases must differ within a registry. Thread-safe.
 *
 * <p>Statements go by the name that {@link io.github.r2dbcsession.Query#named} gave them or else by their SQL command, never by their
 * text; 100 names are kept apart, and all further ones are {@code OTHER}.
 */
public final class DatabaseMetrics implements MeterBinder, AutoCloseable {

    private final Database database;
    private final BiFunction<Database, OwnMeters, DatabaseListener> convention;
    private final List<Runnable> undo = new ArrayList<>();

    private DatabaseMetrics(Database database, BiFunction<Database, OwnMeters, DatabaseListener> convention) {
        this.database = Objects.requireNonNull(database, "database");
        this.convention = convention;
    }

    /**
     * Returns the metrics of a database, named {@code r2dbc.*} as Spring Boot names its gauges; the tag {@code name} is the database's.
     * Registers nothing before {@link #bindTo}.
     */
    public static DatabaseMetrics of(Database database) {
        return new DatabaseMetrics(database, SessionMeters::new);
    }

    /**
     * Returns the metrics of a database by the semantic conventions of OpenTelemetry: {@code db.client.operation.duration} and
     * {@code db.client.connection.*}. Registers nothing before {@link #bindTo}.
     */
    public static DatabaseMetrics openTelemetry(Database database) {
        return new DatabaseMetrics(database, OpenTelemetryMeters::new);
    }

    /** Registers the meters and begins to measure, until {@link #close}. */
    @Override
    public void bindTo(MeterRegistry registry) {
        OwnMeters meters = new OwnMeters(database, registry);
        Disposable listening = database.listen(convention.apply(database, meters));
        synchronized (undo) {
            undo.add(() -> {
                listening.dispose();
                meters.close();
            });
        }
    }

    /** Removes the meters from every registry and stops measuring. Safe to call twice. */
    @Override
    public void close() {
        synchronized (undo) {
            undo.forEach(Runnable::run);
            undo.clear();
        }
    }
}
