package io.github.r2dbcsession.pool;

import io.r2dbc.spi.R2dbcNonTransientResourceException;

/** The database has been closed, or is about to be; SQLSTATE 08003. Nothing was sent. */
public final class PoolClosedException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    /** Made by the library. */
    public PoolClosedException(String name) {
        super("pool " + name + " has been closed", "08003");
    }
}
