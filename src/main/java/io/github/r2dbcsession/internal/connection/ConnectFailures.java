package io.github.r2dbcsession.internal.connection;

import com.ongres.scram.common.exception.ScramException;
import io.github.r2dbcsession.config.SslMode;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException.Reason;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.netty.handler.ssl.NotSslRecordException;
import io.r2dbc.spi.R2dbcException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
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

    /** Puts a failure of the driver in our words; one of ours stays as it is. */
    Throwable translate(Throwable failure, ConnectPhase phase) {
        if (failure instanceof TlsFailedException
                || failure instanceof AuthenticationFailedException
                || failure instanceof ConnectFailedException) {
            return failure;
        }
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
        if (isTls(failure)) {
            return handshake(failure, false, false);
        }
        if (find(failure, ScramException.class) != null) {
            return login("the server could not prove that it knows the password: it may be an impostor");
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

    private static ConnectFailedException failed(
            Reason reason, String message, String sqlState, @Nullable Throwable failure) {
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

    /** Whether TLS broke. */
    boolean isTls(Throwable failure) {
        return find(failure, SSLException.class) != null;
    }

    /** TLS could not be had, for a reason of ours. */
    TlsFailedException tls(String reason) {
        return tls(reason, null);
    }

    /** TLS could not be had, for a reason of ours. */
    TlsFailedException tls(String reason, @Nullable Throwable cause) {
        return new TlsFailedException(
                "no TLS connection to " + target + " with sslmode=" + sslMode + ": " + reason, cause);
    }

    /**
     * TLS broke.
     *
     * @param shown whether the server was shown a certificate of ours
     * @param direct whether TLS began without asking
     */
    TlsFailedException handshake(Throwable failure, boolean shown, boolean direct) {
        CertificateException refused = find(failure, CertificateException.class);
        if (refused != null) {
            return tls(String.valueOf(refused.getMessage()), failure);
        }
        if (find(failure, NotSslRecordException.class) != null) {
            return tls("what answered does not speak TLS", failure);
        }
        String broken = find(failure, ClosedChannelException.class) != null
                ? "the server closed the connection"
                : text(failure);
        String mend = direct
                ? "sslnegotiation=direct needs PostgreSQL 17 or later"
                : shown
                        ? "it may not accept the client certificate of sslcert"
                        : "it may demand a client certificate, or a protocol version that is not allowed here";
        return tls("the handshake failed (" + broken + "): " + mend, failure);
    }

    /** The login was ended here, for a reason of ours. */
    AuthenticationFailedException login(String reason) {
        return new AuthenticationFailedException("no login at " + target + ": " + reason, "28000", null);
    }

    /** What answered is no PostgreSQL server. */
    ConnectFailedException notPostgres() {
        return failed(
                Reason.LOST, "what answers at " + target + " does not speak PostgreSQL's protocol", "08P01", null);
    }

    /** The failure of the last attempt, which tells of the one before it too. */
    Throwable after(Throwable last, Throwable before) {
        last.addSuppressed(before);
        if (last instanceof AuthenticationFailedException login && before instanceof TlsFailedException) {
            return new AuthenticationFailedException(
                    login.getMessage() + "; that was without TLS, after " + before.getMessage(),
                    login.getSqlState(),
                    login);
        }
        return last;
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
