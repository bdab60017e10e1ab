package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;

/** Collects the settings of a {@link DatabaseHealth}. Not thread-safe. */
public final class DatabaseHealthBuilder {

    final Database database;
    Duration timeout = Duration.ofSeconds(1);
    Duration giveUpAfter = Duration.ofSeconds(2);
    Duration interval = Duration.ofSeconds(1);
    Duration detailsInterval = Duration.ofMinutes(1);
    Duration warnAbove = Duration.ofMillis(500);
    Duration degradedAbove = Duration.ofSeconds(1);
    Duration lagAbove = Duration.ofSeconds(10);
    Duration clockSkewAbove = Duration.ofSeconds(5);
    Duration certificateWarnWithin = Duration.ofDays(30);
    Duration certificateDegradedWithin = Duration.ofDays(7);
    double errorsAbove = 0.1;
    int recoverAfter = 2;
    boolean primaryWanted;
    Clock clock = Clock.systemUTC();

    DatabaseHealthBuilder(Database database) {
        this.database = Objects.requireNonNull(database, "database");
    }

    /**
     * Sets the deadline of a check, connecting and details included, at most {@link #giveUpAfter}. Default: 1 s.
     *
     * <p>A connection that has not been made by then is unhealthy. An answer that has not come by then is slow, which is degraded: the
     * check ends, the question stays open, and the next check joins it.
     */
    public DatabaseHealthBuilder timeout(Duration timeout) {
        this.timeout = positive("timeout", timeout);
        return this;
    }

    /**
     * Sets how long an answer may take before the server counts as silent, which is unhealthy, and the connection is given up.
     * Default: 2 s.
     */
    public DatabaseHealthBuilder giveUpAfter(Duration giveUpAfter) {
        this.giveUpAfter = positive("giveUpAfter", giveUpAfter);
        return this;
    }

    /**
     * Sets how often the server is asked at most, from 1 ms. Default: 1 s. A check that comes sooner gets the last report again, which
     * tells its {@linkplain HealthReport#age() age}.
     */
    public DatabaseHealthBuilder interval(Duration interval) {
        if (interval.toMillis() < 1) {
            throw new IllegalArgumentException("interval must be at least 1 ms, was " + interval);
        }
        this.interval = interval;
        return this;
    }

    /** Sets how long details are kept before the server is asked for them again. Default: 1 min. */
    public DatabaseHealthBuilder detailsInterval(Duration detailsInterval) {
        this.detailsInterval = positive("detailsInterval", detailsInterval);
        return this;
    }

    /** Sets the latency above which a database is degraded, at most {@link #giveUpAfter}. Default: 1000 ms. */
    public DatabaseHealthBuilder degradedAbove(Duration degradedAbove) {
        this.degradedAbove = positive("degradedAbove", degradedAbove);
        return this;
    }

    /** Sets the latency above which a healthy report carries a warning, at most {@link #degradedAbove}. Default: 500 ms. */
    public DatabaseHealthBuilder warnAbove(Duration warnAbove) {
        this.warnAbove = positive("warnAbove", warnAbove);
        return this;
    }

    /** Sets how far a standby may be behind its primary before it is degraded. Default: 10 s. */
    public DatabaseHealthBuilder lagAbove(Duration lagAbove) {
        this.lagAbove = positive("lagAbove", lagAbove);
        return this;
    }

    /** Sets by how much the server's clock and ours may differ before a report carries a warning. Default: 5 s. */
    public DatabaseHealthBuilder clockSkewAbove(Duration clockSkewAbove) {
        this.clockSkewAbove = positive("clockSkewAbove", clockSkewAbove);
        return this;
    }

    /**
     * Sets how long before its end the server's certificate is a warning, and how long before it is degraded. Default: 30 and 7 days.
     *
     * @throws IllegalArgumentException when the second is longer than the first
     */
    public DatabaseHealthBuilder certificateWithin(Duration warn, Duration degraded) {
        if (positive("degraded", degraded).compareTo(positive("warn", warn)) > 0) {
            throw new IllegalArgumentException("degraded must be at most warn, was " + degraded + " with warn " + warn);
        }
        this.certificateWarnWithin = warn;
        this.certificateDegradedWithin = degraded;
        return this;
    }

    /**
     * Sets the share of callers, from 0 to 1, who may have got no connection in the last minute before the database is degraded.
     * Default: 0.1. A single one is a warning.
     */
    public DatabaseHealthBuilder errorsAbove(double errorsAbove) {
        if (!(errorsAbove >= 0 && errorsAbove <= 1)) {
            throw new IllegalArgumentException("errorsAbove must be from 0 to 1, was " + errorsAbove);
        }
        this.errorsAbove = errorsAbove;
        return this;
    }

    /**
     * Sets after how many better checks in a row the status gets better, from 1, which is at once. Default: 2. It gets worse at once.
     */
    public DatabaseHealthBuilder recoverAfter(int checks) {
        if (checks < 1) {
            throw new IllegalArgumentException("recoverAfter must be at least 1, was " + checks);
        }
        this.recoverAfter = checks;
        return this;
    }

    /**
     * Makes a server that cannot write unhealthy. Default: where the connection string says
     * {@code target_session_attrs=primary} or {@code read-write}.
     */
    public DatabaseHealthBuilder primaryWanted() {
        this.primaryWanted = true;
        return this;
    }

    /** Sets our clock, against which the server's is held. */
    DatabaseHealthBuilder clock(Clock ours) {
        this.clock = ours;
        return this;
    }

    /**
     * Returns the health of the database. Opens nothing and starts nothing.
     *
     * @throws IllegalArgumentException when the limits contradict each other
     */
    public DatabaseHealth build() {
        return new DefaultDatabaseHealth(database, limits(), clock);
    }

    HealthLimits limits() {
        return new HealthLimits(this, database.connectionString().serverRole());
    }

    private static Duration positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, was " + value);
        }
        return value;
    }
}
