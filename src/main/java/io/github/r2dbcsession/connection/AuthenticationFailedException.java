package io.github.r2dbcsession.connection;

import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.jspecify.annotations.Nullable;

/** The server refused the login: wrong password, unknown user or database, or no rule for this client. Trying again will not help. */
public final class AuthenticationFailedException extends R2dbcPermissionDeniedException {

    private static final long serialVersionUID = 1;

    /** Made by the library. */
    public AuthenticationFailedException(String message, @Nullable String sqlState, Throwable cause) {
        super(message, sqlState, 0, (String) null, cause);
    }
}
