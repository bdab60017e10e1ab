package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * The connection was lost in the middle of a transaction, before its COMMIT was sent: nothing of it stays. The whole transaction can be
 * done again; the library does not do so by itself, as the work has run.
 */
public final class NotCommittedException extends R2dbcTransientResourceException {

    private static final long serialVersionUID = 1;

    NotCommittedException(String transaction, @Nullable Throwable cause) {
        super(
                "the connection of the " + transaction
                        + " was lost before its COMMIT was sent, nothing of it stays: do the whole transaction again",
                "08006",
                0,
                (String) null,
                cause);
    }
}
