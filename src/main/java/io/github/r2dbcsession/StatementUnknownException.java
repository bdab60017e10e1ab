package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * A statement that may write was sent outside a transaction, and the connection was lost before its answer came: it has been carried out
 * or it has not, and this side cannot tell. Never repeated by the library. SQLSTATE 40003 (statement completion unknown).
 */
public final class StatementUnknownException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    StatementUnknownException(String scope, @Nullable Throwable cause) {
        super(
                "no answer came to a statement outside a transaction on the " + scope
                        + ": look at the data before running it again",
                "40003",
                0,
                (String) null,
                cause);
    }
}
