package io.github.r2dbcsession.pool;

import io.r2dbc.spi.R2dbcTransientResourceException;

/** So many callers were waiting for a connection that one more was not let in; SQLSTATE 08001. Nothing was sent, so trying again later is safe. */
public final class TooManyPendingException extends R2dbcTransientResourceException {

    private static final long serialVersionUID = 1;

    private final transient PoolStats stats;

    /** Made by the library. */
    public TooManyPendingException(PoolStats stats, int limit) {
        super(
                "pool " + stats.name() + ": " + limit + " callers are waiting for a connection already (acquired "
                        + stats.acquired() + ", recovering " + stats.recovering() + ", connecting " + stats.connecting()
                        + ", maxSize " + stats.maxSize()
                        + "): shed load before it comes here, or raise maxPendingAcquire",
                "08001");
        this.stats = stats;
    }

    /** The pool's figures at that moment. */
    public PoolStats stats() {
        return stats;
    }
}
