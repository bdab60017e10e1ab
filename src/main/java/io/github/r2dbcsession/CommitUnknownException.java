package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * The connection was lost, or the deadline passed, after the commit was sent and before its answer came: the transaction has either committed as a whole or
 * not at all, and this side cannot tell which. Never repeated by the library. SQLSTATE 08007 (transaction resolution unknown).
 */
public final class CommitUnknownException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    CommitUnknownException(String transaction, @Nullable Throwable cause) {
        super(
                "no answer to the COMMIT of the " + transaction + " came: look at the data before doing the work again",
                "08007",
                0,
                (String) null,
                cause);
    }
}
