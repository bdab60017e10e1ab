package io.github.r2dbcsession.connection;

import io.r2dbc.spi.R2dbcTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * No connection could be made: the host is unknown or refuses, the server is starting, stopping or full, or it hung up during the
 * login. Nothing was sent, so trying again later is safe.
 */
public final class ConnectFailedException extends R2dbcTransientResourceException {

    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** The host's name could not be resolved. */
        UNKNOWN_HOST,
        /** Nothing listens at the address. */
        REFUSED,
        /** The server is there and takes no connection now: starting, stopping, or out of connections. */
        UNAVAILABLE,
        /** The connection was lost, or what answered does not speak the protocol. */
        LOST
    }

    private final Reason reason;

    /** Made by the library. */
    public ConnectFailedException(Reason reason, String message, @Nullable String sqlState, @Nullable Throwable cause) {
        super(message, sqlState, 0, (String) null, cause);
        this.reason = reason;
    }

    /** Why the connection could not be made. */
    public Reason reason() {
        return reason;
    }
}
