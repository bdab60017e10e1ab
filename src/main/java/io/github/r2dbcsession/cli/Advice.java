package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** What to change after a failure. */
final class Advice {

    private static final String NOT_REACHED =
            "does a firewall drop the packets, and is it the right address? connect_timeout= gives it longer";

    private Advice() {}

    /** What went wrong; of a step that took too long Reactor's own words would tell nobody anything. */
    static String message(Throwable failure, Duration limit) {
        return failure instanceof TimeoutException
                ? "no answer within " + limit.toMillis() + " ms"
                : String.valueOf(failure.getMessage());
    }

    static String on(Throwable failure) {
        if (failure instanceof AuthenticationFailedException refused) {
            return login(String.valueOf(refused.getSqlState()));
        } else if (failure instanceof TlsFailedException) {
            return "for a server without TLS switch it on, or use sslmode=prefer or disable; for a certificate that is"
                    + " refused name its authority by sslrootcert=, or ask for less by sslmode=require";
        } else if (failure instanceof NoSuitableHostException) {
            return "name a host that has this role, or ask for another by target_session_attrs=";
        } else if (failure instanceof ConnectFailedException failed) {
            return switch (failed.reason()) {
                case UNKNOWN_HOST -> "is the host's name spelled right, and known to this machine's DNS?";
                case REFUSED ->
                    "is the server running, on this port, and listening on this address (listen_addresses)?";
                case UNAVAILABLE -> "wait for the server, or give it more places (max_connections)";
                case LOST -> "is it PostgreSQL that listens there, and does it or a proxy expect TLS?";
            };
        } else if (failure instanceof ConnectTimeoutException || failure instanceof TimeoutException) {
            return NOT_REACHED;
        }
        return failure instanceof R2dbcException database && database.getSqlState() != null
                ? login(database.getSqlState())
                : "see the message";
    }

    private static String login(String sqlState) {
        return switch (sqlState) {
            case "28P01" ->
                "is the password right, and the user's name? special characters in a URL are written as %XX";
            case "28000" -> "does pg_hba.conf let this user from this address into this database, with or without TLS?";
            case "3D000" -> "is the database's name right? psql -l lists them";
            case "42501" -> "grant the role CONNECT on the database";
            default -> "see the server's log";
        };
    }

    static String on(IOException failure) {
        if (failure instanceof UnknownHostException) {
            return "is the host's name spelled right, and known to this machine's DNS?";
        } else if (failure instanceof SocketTimeoutException) {
            return NOT_REACHED;
        } else if (failure instanceof ConnectException) {
            return "is the server running, on this port, and listening on this address (listen_addresses)?";
        }
        return "is it PostgreSQL that listens there?";
    }
}
