package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * The connection was lost after the commit was sent and before its answer came: the transaction has either committed as a whole or
 * not at all, and this side cannot tell which. Never repeated by the library. SQLSTATE 08007 (transaction resolution unknown).
 */
public final class CommitUnknownException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    CommitUnknownException(String database, @Nullable Throwable cause) {
        super(
                "the connection to " + database
                        + " was lost after COMMIT was sent: look at the data before doing the work again",
                "08007",
                0,
                (String) null,
                cause);
    }
}
