package io.github.r2dbcsession.connection;

import io.r2dbc.spi.R2dbcTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * The source of the credentials gave none: it failed, did not answer in time or completed empty. No server was asked, so trying again
 * later is safe. Of the source's own error only class and stack trace are passed on, as its text could hold a secret.
 */
public final class CredentialsUnavailableException extends R2dbcTransientResourceException {

    private static final long serialVersionUID = 1;

    /** Made by the library. */
    public CredentialsUnavailableException(String message, @Nullable Throwable cause) {
        super(message, "08001", 0, (String) null, cause);
    }
}
