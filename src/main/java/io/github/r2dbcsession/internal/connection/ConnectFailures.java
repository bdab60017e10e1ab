package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.SslMode;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException.Reason;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.r2dbc.spi.R2dbcException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says in our words why the driver could not connect: by SQLSTATE where the server sent one, else by what broke. */
final class ConnectFailures {

    private final String target;
    private final SslMode sslMode;

    /**
     * Words failures to reach one target.
     *
     * @param target host and port, for messages
     */
    ConnectFailures(String target, SslMode sslMode) {
        this.target = target;
        this.sslMode = sslMode;
    }

    Throwable translate(Throwable failure, ConnectPhase phase) {
        String sqlState = sqlState(failure);
        if (sqlState != null && !sqlState.startsWith("08")) {
            return answered(sqlState, failure);
        }
        if (find(failure, UnknownHostException.class) != null) {
            return failed(Reason.UNKNOWN_HOST, "the host name of " + target + " is unknown", "08001", failure);
        }
        if (find(failure, ConnectException.class) != null) {
            return failed(
                    Reason.REFUSED, "nothing accepts connections at " + target + ": is it started?", "08001", failure);
        }
        if (find(failure, SSLException.class) != null || isTls(failure)) {
            return new TlsFailedException(
                    "no TLS connection to " + target + " with sslmode=" + sslMode + ": " + text(failure), failure);
        }
        return failed(Reason.LOST, "the connection to " + target + " was lost: " + phase.stuckAt(), "08006", failure);
    }

    private Throwable answered(String sqlState, Throwable failure) {
        return switch (sqlState.substring(0, 2)) {
            case "28", "3D" ->
                new AuthenticationFailedException(target + " refused the login: " + text(failure), sqlState, failure);
            case "53", "57" ->
                failed(Reason.UNAVAILABLE, target + " takes no connection now: " + text(failure), sqlState, failure);
            default -> failure;
        };
    }

    private static ConnectFailedException failed(Reason reason, String message, String sqlState, Throwable failure) {
        return new ConnectFailedException(reason, message, sqlState, failure);
    }

    private static @Nullable String sqlState(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof R2dbcException r2dbc
                    && r2dbc.getSqlState() != null
                    && !r2dbc.getSqlState().startsWith("08")) {
                return r2dbc.getSqlState();
            }
        }
        return null;
    }

    /** The driver's own TLS failure is not public; it is the one permission error that carries a connection SQLSTATE. */
    private static boolean isTls(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof io.r2dbc.spi.R2dbcPermissionDeniedException denied
                    && "08006".equals(denied.getSqlState())) {
                return true;
            }
        }
        return false;
    }

    private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
        }
        return null;
    }

    private static String text(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null ? root.getClass().getSimpleName() : message;
    }
}
