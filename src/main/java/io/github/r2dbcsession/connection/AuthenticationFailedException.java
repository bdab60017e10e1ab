package io.github.r2dbcsession.connection;

import io.r2dbc.spi.R2dbcPermissionDeniedException;
import org.jspecify.annotations.Nullable;

/**
 * There was no login. The server refused it: wrong password, unknown user or database, or no rule for this client. Or it was ended here
 * before anything derived from the password was sent, as the server asked for what {@code require_auth} or {@code channel_binding}
 * forbids. Trying again will not help.
 */
public final class AuthenticationFailedException extends R2dbcPermissionDeniedException {

    private static final long serialVersionUID = 1;

    /** Made by the library. */
    public AuthenticationFailedException(String message, @Nullable String sqlState, @Nullable Throwable cause) {
        super(message, sqlState, 0, (String) null, cause);
    }
}
