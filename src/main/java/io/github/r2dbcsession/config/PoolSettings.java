package io.github.r2dbcsession.config;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many connections a pool has and how long it waits for and keeps them. Immutable.
 *
 * <p>Each setting has r2dbc-pool's name; SQLAlchemy's words are there beside it: {@code size + maxOverflow} is {@code maxSize},
 * {@code timeout} is {@code maxAcquireTime} and {@code recycle} is {@code maxLifeTime}.
 */
public final class PoolSettings {

    static final int DEFAULT_MAX_SIZE = 10;
    static final Duration DEFAULT_MAX_ACQUIRE_TIME = Duration.ofSeconds(30);
    static final Duration DEFAULT_MAX_CREATE_CONNECTION_TIME = Duration.ofSeconds(10);
    static final Duration DEFAULT_MAX_IDLE_TIME = Duration.ofMinutes(30);
    static final Duration DEFAULT_MAX_LIFE_TIME = Duration.ofHours(1);
    static final Duration DEFAULT_MAX_OVERFLOW_IDLE_TIME = Duration.ofSeconds(30);
    static final Duration DEFAULT_KEEP_ALIVE = Duration.ofMinutes(2);
    static final int DEFAULT_MAX_PENDING_ACQUIRE = 10_000;
    static final Duration DEFAULT_WAIT_WARNING_THRESHOLD = Duration.ofSeconds(2);
    static final Duration DEFAULT_LEAK_DETECTION_THRESHOLD = Duration.ofSeconds(60);

    private final boolean pooling;
    private final int size;
    private final int maxOverflow;
    private final int minIdle;
    private final int initialSize;
    private final Duration maxAcquireTime;
    private final Duration maxCreateConnectionTime;
    private final @Nullable Duration statedMaxCreateConnectionTime;
    private final @Nullable Duration maxIdleTime;
    private final @Nullable Duration maxLifeTime;
    private final Duration maxOverflowIdleTime;
    private final @Nullable Duration keepAlive;
    private final int maxPendingAcquire;
    private final Duration waitWarningThreshold;
    private final @Nullable Duration leakDetectionThreshold;
    private final ResetPolicy resetPolicy;

    PoolSettings(PoolSettingsBuilder builder) {
        this.pooling = builder.pooling;
        this.size = builder.effectiveSize();
        this.maxOverflow = builder.maxOverflow == null ? 0 : builder.maxOverflow;
        this.minIdle = builder.minIdle;
        this.initialSize = builder.initialSize;
        this.maxAcquireTime = builder.maxAcquireTime;
        this.maxCreateConnectionTime = builder.effectiveMaxCreateConnectionTime();
        this.statedMaxCreateConnectionTime = builder.maxCreateConnectionTime;
        this.maxIdleTime = builder.maxIdleTime;
        this.maxLifeTime = builder.maxLifeTime;
        this.maxOverflowIdleTime = builder.maxOverflowIdleTime;
        this.keepAlive = builder.keepAlive;
        this.maxPendingAcquire = builder.maxPendingAcquire;
        this.waitWarningThreshold = builder.waitWarningThreshold;
        this.leakDetectionThreshold = builder.leakDetectionThreshold;
        this.resetPolicy = builder.resetPolicy;
    }

    /** Starts from the defaults. */
    public static PoolSettingsBuilder builder() {
        return new PoolSettingsBuilder();
    }

    /** Returns the defaults: at most 10 connections, none kept without need. */
    public static PoolSettings defaults() {
        return builder().build();
    }

    /** Returns settings for a developer's machine: 5 connections and an overflow of 10. */
    public static PoolSettings development() {
        return builder().size(5).maxOverflow(10).build();
    }

    /** Returns settings for a service: 20 connections and an overflow of 30. */
    public static PoolSettings production() {
        return builder().size(20).maxOverflow(30).build();
    }

    /** Returns settings without pooling: every connection is closed when released; at most 10 at a time. */
    public static PoolSettings serverless() {
        return builder().noPooling().build();
    }

    /** Starts from these settings. */
    public PoolSettingsBuilder toBuilder() {
        PoolSettingsBuilder builder = new PoolSettingsBuilder();
        builder.pooling = pooling;
        if (maxOverflow == 0) {
            builder.maxSize = size;
        } else {
            builder.size = size;
            builder.maxOverflow = maxOverflow;
        }
        builder.minIdle = minIdle;
        builder.initialSize = initialSize;
        builder.maxAcquireTime = maxAcquireTime;
        builder.maxCreateConnectionTime = statedMaxCreateConnectionTime;
        builder.maxIdleTime = maxIdleTime;
        builder.maxLifeTime = maxLifeTime;
        builder.maxOverflowIdleTime = maxOverflowIdleTime;
        builder.keepAlive = keepAlive;
        builder.maxPendingAcquire = maxPendingAcquire;
        builder.waitWarningThreshold = waitWarningThreshold;
        builder.leakDetectionThreshold = leakDetectionThreshold;
        builder.resetPolicy = resetPolicy;
        return builder;
    }

    /**
     * Returns these settings with another size.
     *
     * @throws IllegalArgumentException when they contradict each other then
     */
    public PoolSettings resized(int newSize, int newMaxOverflow) {
        PoolSettingsBuilder builder = toBuilder();
        builder.maxSize = null;
        return builder.size(newSize).maxOverflow(newMaxOverflow).build();
    }

    /** Whether released connections are kept and lent again. */
    public boolean pooling() {
        return pooling;
    }

    /** SQLAlchemy's part of {@link #maxSize()}: the connections an ordinary load needs. */
    public int size() {
        return size;
    }

    /** SQLAlchemy's part of {@link #maxSize()}: how many more a peak may make. */
    public int maxOverflow() {
        return maxOverflow;
    }

    /** The most connections at a time: {@link #size()} and {@link #maxOverflow()}. */
    public int maxSize() {
        return size + maxOverflow;
    }

    /** How many idle connections are kept ready. */
    public int minIdle() {
        return minIdle;
    }

    /** How many connections are made at the start. */
    public int initialSize() {
        return initialSize;
    }

    /** How long an acquire may take, connecting included. */
    public Duration maxAcquireTime() {
        return maxAcquireTime;
    }

    /** How long making a connection may take: TCP, TLS and login together. */
    public Duration maxCreateConnectionTime() {
        return maxCreateConnectionTime;
    }

    /** How long a connection may lie idle, empty for no limit. */
    public Optional<Duration> maxIdleTime() {
        return Optional.ofNullable(maxIdleTime);
    }

    /** How old a connection may get, less a random part of up to a fifth; empty for no limit. */
    public Optional<Duration> maxLifeTime() {
        return Optional.ofNullable(maxLifeTime);
    }

    /** After which uses a connection is reset. */
    public ResetPolicy resetPolicy() {
        return resetPolicy;
    }

    /** How long a connection beyond {@link #size()} may lie idle. */
    public Duration maxOverflowIdleTime() {
        return maxOverflowIdleTime;
    }

    /** After how long an idle connection is asked for a sign of life, empty for never. */
    public Optional<Duration> keepAlive() {
        return Optional.ofNullable(keepAlive);
    }

    /** How many callers may wait for a connection at a time. */
    public int maxPendingAcquire() {
        return maxPendingAcquire;
    }

    /** How long a caller may wait for a connection before the pool warns. */
    public Duration waitWarningThreshold() {
        return waitWarningThreshold;
    }

    /** How long a connection may be out before the pool says who has it, empty for never. */
    public Optional<Duration> leakDetectionThreshold() {
        return Optional.ofNullable(leakDetectionThreshold);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PoolSettings settings && toString().equals(settings.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** Returns all settings in words. */
    @Override
    public String toString() {
        return (pooling ? "pool of " : "no pooling, at most ") + size + "+" + maxOverflow + ", minIdle " + minIdle
                + ", initialSize "
                + initialSize + ", maxAcquireTime " + maxAcquireTime + ", maxCreateConnectionTime "
                + maxCreateConnectionTime
                + ", maxIdleTime " + maxIdleTime + ", maxLifeTime " + maxLifeTime
                + ", maxOverflowIdleTime " + maxOverflowIdleTime + ", keepAlive " + keepAlive + ", maxPendingAcquire "
                + maxPendingAcquire + ", resetPolicy " + resetPolicy + ", waitWarningThreshold " + waitWarningThreshold
                + ", leakDetectionThreshold " + leakDetectionThreshold;
    }
}
