package io.github.r2dbcsession.connection;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;

/**
 * A connection was not made within its limit, which covers TCP, TLS and login together. Its socket has been closed. Nothing was sent.
 */
public final class ConnectTimeoutException extends R2dbcTimeoutException {

    private static final long serialVersionUID = 1;

    private final Duration limit;

    /** Made by the library. */
    public ConnectTimeoutException(String message, Duration limit) {
        super(message, "08001");
        this.limit = limit;
    }

    /** The limit that passed. */
    public Duration limit() {
        return limit;
    }
}
