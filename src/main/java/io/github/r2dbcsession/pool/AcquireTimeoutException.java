package io.github.r2dbcsession.pool;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * No connection could be had from the pool within the limit; SQLSTATE 08001. It is {@link PoolExhaustedException} where all of them were
 * in use; otherwise the server could not be reached in time, which the cause tells, or lending was suspended. Nothing was sent, so trying
 * again later is safe.
 */
public sealed class AcquireTimeoutException extends R2dbcTimeoutException permits PoolExhaustedException {

    private static final long serialVersionUID = 1;

    private final transient PoolStats stats;
    private final Duration limit;

    /** Made by the library. */
    public AcquireTimeoutException(
            PoolStats stats, Duration limit, String why, @Nullable Throwable lastConnectFailure) {
        this(figures(stats, limit) + why, stats, limit, lastConnectFailure);
    }

    AcquireTimeoutException(String message, PoolStats stats, Duration limit, @Nullable Throwable cause) {
        super(message, "08001", 0, null, cause);
        this.stats = stats;
        this.limit = limit;
    }

    /** The pool's figures when the limit passed. */
    public final PoolStats stats() {
        return stats;
    }

    /** The limit that passed. */
    public final Duration limit() {
        return limit;
    }

    static String figures(PoolStats stats, Duration limit) {
        return "pool " + stats.name() + ": no connection within " + limit.toMillis() + " ms (acquired "
                + stats.acquired() + ", recovering " + stats.recovering() + ", idle " + stats.idle() + ", connecting "
                + stats.connecting() + ", pending " + stats.pending() + ", maxSize " + stats.maxSize() + "); ";
    }
}
