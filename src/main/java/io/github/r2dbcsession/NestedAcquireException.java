package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;

/**
 * Work inside a transaction asked for a second connection while every connection of the pool was held by transactions that wait for a
 * second one themselves, this one included: none could ever have come. Nothing was sent.
 */
public final class NestedAcquireException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    NestedAcquireException(String database, int maxSize) {
        super("all " + maxSize + " connections of " + database
                + " are held by transactions that wait for a second one: "
                + "give the pool more connections than callers can hold at a time, or let the work join");
    }
}
