package io.github.r2dbcsession.pool;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** No connection could be had from the pool within the limit. Nothing was sent, so trying again later is safe. */
public final class AcquireTimeoutException extends R2dbcTimeoutException {

    private static final long serialVersionUID = 1;

    private final transient PoolStats stats;
    private final Duration limit;

    /** Made by the library. */
    public AcquireTimeoutException(PoolStats stats, Duration limit, @Nullable Throwable lastConnectFailure) {
        super(message(stats, limit, lastConnectFailure), null, 0, null, lastConnectFailure);
        this.stats = stats;
        this.limit = limit;
    }

    /** The pool's figures when the limit passed. */
    public PoolStats stats() {
        return stats;
    }

    /** The limit that passed. */
    public Duration limit() {
        return limit;
    }

    private static String message(PoolStats stats, Duration limit, @Nullable Throwable lastConnectFailure) {
        String figures = "pool " + stats.name() + ": no connection within " + limit.toMillis() + " ms (acquired "
                + stats.acquired() + ", recovering " + stats.recovering() + ", idle " + stats.idle() + ", connecting "
                + stats.connecting() + ", pending " + stats.pending() + ", maxSize " + stats.maxSize() + "); ";
        if (stats.saturated()) {
            return figures + "every connection is in use: shorten the work done on each, or raise maxSize";
        }
        return figures + (lastConnectFailure == null ? "a connect is under way" : "the last connect failed");
    }
}
