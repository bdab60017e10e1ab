package io.github.r2dbcsession.config;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects {@link PoolSettings}. Each setter checks its argument, {@link #build()} checks that they fit together. The last call of a
 * setter wins. Not thread-safe.
 */
public final class PoolSettingsBuilder {

    private static final int MAX_COUNT = 10_000;
    private static final int MAX_PENDING = 1_000_000;
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(365);

    boolean pooling = true;

    @Nullable
    Integer size;

    @Nullable
    Integer maxOverflow;

    @Nullable
    Integer maxSize;

    int minIdle;
    int initialSize;
    Duration maxAcquireTime = PoolSettings.DEFAULT_MAX_ACQUIRE_TIME;

    @Nullable
    Duration maxCreateConnectionTime;

    @Nullable
    Duration maxIdleTime = PoolSettings.DEFAULT_MAX_IDLE_TIME;

    @Nullable
    Duration maxLifeTime = PoolSettings.DEFAULT_MAX_LIFE_TIME;

    Duration maxOverflowIdleTime = PoolSettings.DEFAULT_MAX_OVERFLOW_IDLE_TIME;

    @Nullable
    Duration keepAlive = PoolSettings.DEFAULT_KEEP_ALIVE;

    int maxPendingAcquire = PoolSettings.DEFAULT_MAX_PENDING_ACQUIRE;
    ResetPolicy resetPolicy = ResetPolicy.DEFAULT;

    Duration waitWarningThreshold = PoolSettings.DEFAULT_WAIT_WARNING_THRESHOLD;

    @Nullable
    Duration leakDetectionThreshold = PoolSettings.DEFAULT_LEAK_DETECTION_THRESHOLD;

    PoolSettingsBuilder() {}

    /** Closes every connection when it is released. {@code maxSize} still bounds how many are open at a time. */
    public PoolSettingsBuilder noPooling() {
        this.pooling = false;
        return this;
    }

    /** Sets the most connections at a time, from 1 to 10,000. Default: 10. */
    public PoolSettingsBuilder maxSize(int maxSize) {
        this.maxSize = count("maxSize", maxSize, 1);
        return this;
    }

    /** Sets, in SQLAlchemy's words, the connections an ordinary load needs, from 1 to 10,000. {@code maxSize} is this and the overflow. */
    public PoolSettingsBuilder size(int size) {
        this.size = count("size", size, 1);
        return this;
    }

    /** Sets, in SQLAlchemy's words, how many connections a peak may add to {@link #size}, from 0 to 10,000. Default: 0. */
    public PoolSettingsBuilder maxOverflow(int maxOverflow) {
        this.maxOverflow = count("maxOverflow", maxOverflow, 0);
        return this;
    }

    /** Sets how many idle connections are kept ready, from 0 to {@code maxSize}. Default: 0. */
    public PoolSettingsBuilder minIdle(int minIdle) {
        this.minIdle = count("minIdle", minIdle, 0);
        return this;
    }

    /** Sets how many connections are made at the start, from 0 to {@code maxSize}. Default: 0. */
    public PoolSettingsBuilder initialSize(int initialSize) {
        this.initialSize = count("initialSize", initialSize, 0);
        return this;
    }

    /** Sets how long an acquire may take, connecting included, from 1 ms to 365 days. Default: 30 s. */
    public PoolSettingsBuilder maxAcquireTime(Duration maxAcquireTime) {
        this.maxAcquireTime = time("maxAcquireTime", maxAcquireTime);
        return this;
    }

    /** SQLAlchemy's word for {@link #maxAcquireTime}. */
    public PoolSettingsBuilder timeout(Duration timeout) {
        this.maxAcquireTime = time("timeout", timeout);
        return this;
    }

    /**
     * Sets how long making a connection may take, TCP, TLS and login together, from 1 ms to {@code maxAcquireTime}. Default: 10 s, or
     * {@code maxAcquireTime} where that is shorter.
     */
    public PoolSettingsBuilder maxCreateConnectionTime(Duration maxCreateConnectionTime) {
        this.maxCreateConnectionTime = time("maxCreateConnectionTime", maxCreateConnectionTime);
        return this;
    }

    /** Sets how long a connection may lie idle before it is closed, from 1 ms to 365 days. Default: 30 min. */
    public PoolSettingsBuilder maxIdleTime(Duration maxIdleTime) {
        this.maxIdleTime = time("maxIdleTime", maxIdleTime);
        return this;
    }

    /** Lets connections lie idle for ever. */
    public PoolSettingsBuilder noMaxIdleTime() {
        this.maxIdleTime = null;
        return this;
    }

    /** Sets how old a connection may get before it is replaced, from 1 ms to 365 days. Default: 1 h. */
    public PoolSettingsBuilder maxLifeTime(Duration maxLifeTime) {
        this.maxLifeTime = time("maxLifeTime", maxLifeTime);
        return this;
    }

    /** SQLAlchemy's word for {@link #maxLifeTime}. */
    public PoolSettingsBuilder recycle(Duration recycle) {
        this.maxLifeTime = time("recycle", recycle);
        return this;
    }

    /** Lets connections get as old as they will. */
    public PoolSettingsBuilder noMaxLifeTime() {
        this.maxLifeTime = null;
        return this;
    }

    /** Sets after which uses a connection is reset before it is lent again. Default: {@link ResetPolicy#DEFAULT}. */
    public PoolSettingsBuilder resetPolicy(ResetPolicy resetPolicy) {
        this.resetPolicy = Objects.requireNonNull(resetPolicy, "resetPolicy");
        return this;
    }

    /** Sets how long a connection beyond {@link #size} may lie idle before it is closed, from 1 ms to 365 days. Default: 30 s. */
    public PoolSettingsBuilder maxOverflowIdleTime(Duration maxOverflowIdleTime) {
        this.maxOverflowIdleTime = time("maxOverflowIdleTime", maxOverflowIdleTime);
        return this;
    }

    /**
     * Sets after how long an idle connection is asked for a sign of life, so that firewalls do not forget it, from 1 s to 365 days.
     * Default: 2 min.
     */
    public PoolSettingsBuilder keepAlive(Duration keepAlive) {
        if (keepAlive.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("keepAlive must be at least PT1S, was " + keepAlive);
        }
        this.keepAlive = time("keepAlive", keepAlive);
        return this;
    }

    /** Leaves idle connections alone. One that was idle for a second is still asked for a sign of life before it is lent. */
    public PoolSettingsBuilder noKeepAlive() {
        this.keepAlive = null;
        return this;
    }

    /** Sets how many callers may wait for a connection at a time, from 1 to 1,000,000; more are refused. Default: 10,000. */
    public PoolSettingsBuilder maxPendingAcquire(int maxPendingAcquire) {
        if (maxPendingAcquire < 1 || maxPendingAcquire > MAX_PENDING) {
            throw new IllegalArgumentException(
                    "maxPendingAcquire must be from 1 to " + MAX_PENDING + ", was " + maxPendingAcquire);
        }
        this.maxPendingAcquire = maxPendingAcquire;
        return this;
    }

    /**
     * Sets how long a caller may wait for a connection before the pool warns, from 1 ms to 365 days; it looks once a second. Default: 2 s.
     */
    public PoolSettingsBuilder waitWarningThreshold(Duration waitWarningThreshold) {
        this.waitWarningThreshold = time("waitWarningThreshold", waitWarningThreshold);
        return this;
    }

    /**
     * Sets how long a connection may be out before the pool says who has it, from 1 ms to 365 days; it looks once a second. Default: 60 s.
     */
    public PoolSettingsBuilder leakDetectionThreshold(Duration leakDetectionThreshold) {
        this.leakDetectionThreshold = time("leakDetectionThreshold", leakDetectionThreshold);
        return this;
    }

    /** Lets connections be out as long as they will, in silence. */
    public PoolSettingsBuilder noLeakDetection() {
        this.leakDetectionThreshold = null;
        return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException when they contradict each other
     */
    public PoolSettings build() {
        PoolSettings settings = new PoolSettings(this);
        if (size == null && maxOverflow != null) {
            throw new IllegalArgumentException("maxOverflow needs size, was " + maxOverflow + " without one");
        }
        if (maxSize != null && size != null && maxSize != settings.maxSize()) {
            throw new IllegalArgumentException("maxSize must be size + maxOverflow, was " + maxSize + " with size "
                    + settings.size() + " and maxOverflow " + settings.maxOverflow());
        }
        atMost("minIdle", minIdle, "maxSize", settings.maxSize());
        atMost("initialSize", initialSize, "maxSize", settings.maxSize());
        atMost("maxCreateConnectionTime", settings.maxCreateConnectionTime(), "maxAcquireTime", maxAcquireTime);
        if (!pooling) {
            none("minIdle", minIdle);
            none("initialSize", initialSize);
        }
        return settings;
    }

    int effectiveSize() {
        if (size != null) {
            return size;
        }
        return maxSize == null ? PoolSettings.DEFAULT_MAX_SIZE : maxSize;
    }

    Duration effectiveMaxCreateConnectionTime() {
        if (maxCreateConnectionTime != null) {
            return maxCreateConnectionTime;
        }
        Duration usual = PoolSettings.DEFAULT_MAX_CREATE_CONNECTION_TIME;
        return usual.compareTo(maxAcquireTime) < 0 ? usual : maxAcquireTime;
    }

    private static int count(String name, int value, int least) {
        if (value < least || value > MAX_COUNT) {
            throw new IllegalArgumentException(name + " must be from " + least + " to " + MAX_COUNT + ", was " + value);
        }
        return value;
    }

    private static Duration time(String name, Duration value) {
        if (value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + " must be from " + SHORTEST + " to " + LONGEST + ", was " + value);
        }
        return value;
    }

    private static void none(String name, int value) {
        if (value > 0) {
            throw new IllegalArgumentException(name + " must be 0 without pooling, was " + value);
        }
    }

    private static <T extends Comparable<T>> void atMost(String name, T value, String limitName, T limit) {
        if (value.compareTo(limit) > 0) {
            throw new IllegalArgumentException(name + " must be at most " + limitName + " " + limit + ", was " + value);
        }
    }
}
