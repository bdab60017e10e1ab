package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import java.time.Duration;
import java.util.Objects;

/** Collects the settings of a {@link DatabaseHealth}. Not thread-safe. */
public final class DatabaseHealthBuilder {

    private final Database database;
    private Duration timeout = Duration.ofSeconds(2);
    private Duration degradedAbove = Duration.ofSeconds(1);
    private Duration warnAbove = Duration.ofMillis(500);
    private boolean details = true;

    DatabaseHealthBuilder(Database database) {
        this.database = Objects.requireNonNull(database, "database");
    }

    /**
     * Sets the deadline of a check, connecting and details included. Default: 2 s.
     *
     * <p>It must be longer than {@link #degradedAbove}: a check that ended there could not tell a slow server from a dead one.
     */
    public DatabaseHealthBuilder timeout(Duration timeout) {
        this.timeout = positive("timeout", timeout);
        return this;
    }

    /** Sets the latency above which a database is degraded. Default: 1000 ms. */
    public DatabaseHealthBuilder degradedAbove(Duration degradedAbove) {
        this.degradedAbove = positive("degradedAbove", degradedAbove);
        return this;
    }

    /** Sets the latency above which a healthy report carries a warning, at most {@link #degradedAbove}. Default: 500 ms. */
    public DatabaseHealthBuilder warnAbove(Duration warnAbove) {
        this.warnAbove = positive("warnAbove", warnAbove);
        return this;
    }

    /** Leaves details out, so that a check costs one statement instead of five. */
    public DatabaseHealthBuilder noDetails() {
        this.details = false;
        return this;
    }

    /**
     * Returns the health of the database. Opens nothing and starts nothing.
     *
     * @throws IllegalArgumentException when the limits contradict each other
     */
    public DatabaseHealth build() {
        return new DefaultDatabaseHealth(database, new HealthLimits(timeout, degradedAbove, warnAbove), details);
    }

    private static Duration positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
        return value;
    }
}
