package io.github.r2dbcsession.pool;

import io.github.r2dbcsession.connection.ConnectListener;
import java.time.Duration;

/** Is told of what a pool lends and takes back. Methods are called on driver threads and must not block. */
public interface PoolListener extends ConnectListener {

    /** A caller got a connection after waiting so long; the wait includes a connect where one was needed. */
    default void onAcquire(Duration wait) {}

    /** A caller got no connection: the deadline passed, the connect failed or the pool was closed. */
    default void onAcquireFailure(Throwable failure, Duration wait) {}

    /** A caller gave up before it got a connection. */
    default void onAcquireCancel(Duration wait) {}

    /**
     * A connection that came back in the middle of something, or with a session of its own, was recovered or reset, which took so long.
     * {@link #onRelease} or {@link #onInvalidate} follows and tells with what result.
     */
    default void onRecover(Duration duration) {}

    /** A connection that a caller had for so long came back and is idle again. */
    default void onRelease(Duration use) {}

    /** A connection that a caller had for so long came back, was not provably idle, and was closed. */
    default void onInvalidate(Duration use) {}

    /**
     * Something rarer happened: {@link PoolEvent.Disconnected}, {@link PoolEvent.WaitingLong}, {@link PoolEvent.UsageHigh},
     * {@link PoolEvent.LeakSuspected}, {@link PoolEvent.LeakReturned}, {@link PoolEvent.Resized}, {@link PoolEvent.Suspended},
     * {@link PoolEvent.Resumed} or {@link PoolEvent.Drained}.
     */
    default void onEvent(PoolEvent event) {}
}
