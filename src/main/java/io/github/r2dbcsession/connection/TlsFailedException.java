package io.github.r2dbcsession.connection;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/** TLS was demanded and could not be had: the server has none, or its certificate was refused. Trying again will not help. */
public final class TlsFailedException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    /** Made by the library. */
    public TlsFailedException(String message, @Nullable Throwable cause) {
        super(message, "08001", 0, (String) null, cause);
    }
}
