package io.github.r2dbcsession.health;

import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.CredentialsUnavailableException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.R2dbcException;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;

/** Tells why a database did not answer. Nothing of a failure's own message is passed on but the text of a server's error. */
final class Unreachable {

    /** Where no server has said anything, and what looks like it is the driver's. */
    private static final Set<Code> SILENT = EnumSet.of(Code.UNKNOWN_HOST, Code.REFUSED, Code.LOST, Code.TIMEOUT);

    private Unreachable() {}

    static HealthFinding of(Throwable failure, HealthLimits limits) {
        Code code = code(failure);
        return new HealthFinding(
                code,
                0,
                measured(code, failure, limits),
                "a connection within " + limits.timeout.toMillis() + " ms, and an answer within "
                        + limits.giveUpAfter.toMillis() + " ms",
                remedy(code),
                SILENT.contains(code) ? "" : serverText(failure));
    }

    private static Code code(Throwable failure) {
        if (failure instanceof ConnectFailedException connect) {
            return switch (connect.reason()) {
                case UNKNOWN_HOST -> Code.UNKNOWN_HOST;
                case REFUSED -> Code.REFUSED;
                case UNAVAILABLE -> Code.UNAVAILABLE;
                case LOST -> Code.LOST;
            };
        }
        if (failure instanceof ConnectTimeoutException || failure instanceof TimeoutException) {
            return Code.TIMEOUT;
        }
        if (failure instanceof TlsFailedException) {
            return Code.TLS;
        }
        if (failure instanceof AuthenticationFailedException) {
            return Code.AUTHENTICATION;
        }
        if (failure instanceof CredentialsUnavailableException) {
            return Code.CREDENTIALS;
        }
        if (failure instanceof NoSuitableHostException) {
            return Code.WRONG_ROLE;
        }
        boolean closed = failure instanceof PoolClosedException || failure instanceof CancellationException;
        return closed ? Code.CLOSED : Code.FAILED;
    }

    private static String measured(Code code, Throwable failure, HealthLimits limits) {
        String text = switch (code) {
            case UNKNOWN_HOST -> "the host name is unknown";
            case REFUSED -> "nothing accepts connections at the address";
            case UNAVAILABLE -> "the server takes no connection now";
            case LOST -> "the connection was lost during the login, or no PostgreSQL answered";
            case TIMEOUT ->
                failure instanceof ConnectTimeoutException limited
                        ? "no connection within " + limited.limit().toMillis() + " ms"
                        : "no answer within " + limits.giveUpAfter.toMillis() + " ms";
            case TLS -> "TLS is demanded and could not be had";
            case AUTHENTICATION -> "the server refused the login";
            case CREDENTIALS -> "the source of the credentials gave none";
            case WRONG_ROLE ->
                failure instanceof NoSuitableHostException unsuitable
                        ? "none of " + unsuitable.hosts().size() + " hosts is what target_session_attrs="
                                + unsuitable.role() + " wants"
                        : "";
            case CLOSED -> "the application has closed it";
            default -> "the statement failed with " + failure.getClass().getSimpleName();
        };
        String sqlState = failure instanceof R2dbcException error ? error.getSqlState() : null;
        return sqlState == null ? text : text + " (SQLSTATE " + sqlState + ")";
    }

    private static String remedy(Code code) {
        return switch (code) {
            case UNKNOWN_HOST -> "check the host of the connection string and the name service";
            case REFUSED -> "check host and port, and that the server is started";
            case UNAVAILABLE ->
                "wait while it starts or stops; when it is full, raise max_connections or shrink the pools";
            case LOST -> "check that a PostgreSQL listens at host and port, and its log";
            case TIMEOUT -> "check the network, firewalls and the server's load";
            case TLS -> "check sslmode, sslrootcert and the server's certificate";
            case AUTHENTICATION -> "check user, password and database, and the server's pg_hba.conf";
            case CREDENTIALS -> "look at where user and password come from";
            case WRONG_ROLE -> "start or promote a server of that role, or name it among the hosts";
            case CLOSED -> "stop asking, or open a new one";
            default -> "look at the server's log";
        };
    }

    private static String serverText(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof PostgresqlException answered) {
                return ServerText.cut(answered.getErrorDetails().getMessage());
            }
        }
        return "";
    }
}
