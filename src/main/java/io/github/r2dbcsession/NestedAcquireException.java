package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;

/**
 * Work inside a session or a transaction asked for another connection while every connection of the pool was held by work that waits for
 * another one itself, this included: none could ever have come; SQLSTATE 08001. Nothing was sent. What
 * is held is known where the Context tells: inside {@code inSession}, {@code inTransaction} and {@code sessionScope}, and in what the
 * {@code bind} of a session or a transaction is given; not in what else a handle is held for, where such a wait ends by its limit.
 */
public final class NestedAcquireException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    NestedAcquireException(String database, int maxSize) {
        super(
                "all " + maxSize + " connections of " + database
                        + " are held by work that waits for another one: give the pool more connections than callers can hold at a time,"
                        + " or let the work share one, with sql on its session or transaction, or inside sessionScope or bind",
                "08001");
    }
}
