package io.github.r2dbcsession.pool;

import java.time.Duration;

/** Something that happened in a pool. Immutable. */
public sealed interface PoolEvent {

    /** The name of the database. */
    String name();

    /**
     * A connection was made.
     *
     * @param duration how long TCP, TLS and login took
     */
    record Connected(String name, Duration duration) implements PoolEvent {}

    /**
     * A connection could not be made.
     *
     * @param duration how long was spent on it
     */
    record ConnectFailed(String name, Throwable failure, Duration duration) implements PoolEvent {}

    /**
     * A connection of the pool has closed.
     *
     * @param age how long it was open
     */
    record Disconnected(String name, DisconnectReason reason, Duration age) implements PoolEvent {}

    /**
     * A caller got a connection.
     *
     * @param waited how long that took
     */
    record Acquired(String name, Duration waited) implements PoolEvent {}

    /**
     * A caller got no connection.
     *
     * @param waited how long it had waited
     */
    record AcquireFailed(String name, Throwable failure, Duration waited) implements PoolEvent {}

    /**
     * A caller gave up before it got a connection.
     *
     * @param waited how long it had waited
     */
    record AcquireCancelled(String name, Duration waited) implements PoolEvent {}

    /**
     * A connection that came back in the middle of something, or with a session of its own, was recovered or reset; {@link Released} or
     * {@link Invalidated} follows.
     *
     * @param duration how long that took
     */
    record Recovered(String name, Duration duration) implements PoolEvent {}

    /**
     * A connection came back and can be lent again.
     *
     * @param use how long the caller had it
     */
    record Released(String name, Duration use) implements PoolEvent {}

    /**
     * A connection came back, was of no more use, and was closed.
     *
     * @param use how long the caller had it
     */
    record Invalidated(String name, Duration use) implements PoolEvent {}

    /**
     * A caller has been waiting for a connection longer than {@code waitWarningThreshold}. At most once a minute.
     *
     * @param waited how long the longest has been waiting
     */
    record WaitingLong(String name, Duration waited, PoolStats stats) implements PoolEvent {}

    /**
     * More than 80 % of the pool have been in use for 10 s. At most once a minute.
     *
     * @param stats the figures now
     */
    record UsageHigh(String name, PoolStats stats) implements PoolEvent {}

    /**
     * A connection has been out longer than {@code leakDetectionThreshold}. Once for each use.
     *
     * @param holder who has it
     */
    record LeakSuspected(String name, Holder holder) implements PoolEvent {}

    /**
     * A connection that was suspected to be lost has come back.
     *
     * @param holder who had it
     */
    record LeakReturned(String name, Holder holder) implements PoolEvent {}

    /** The size was changed. */
    record Resized(String name, int size, int maxOverflow) implements PoolEvent {}

    /** Nothing is lent any more until it is resumed. */
    record Suspended(String name) implements PoolEvent {}

    /** Connections are lent again. */
    record Resumed(String name) implements PoolEvent {}

    /** The database has been closed. */
    record Drained(String name, DrainReport report) implements PoolEvent {}

    /**
     * The subscriber was slow, and the oldest events that it had not taken yet were dropped.
     *
     * @param events how many were dropped since it was told last
     */
    record Missed(String name, long events) implements PoolEvent {}
}
