package io.github.r2dbcsession.health;

/**
 * One reason for a report's score. Immutable.
 *
 * @param code what was found
 * @param score the score that this finding alone leads to; above 0.8 it is a warning
 * @param measured what was measured
 * @param limit what it was measured against
 * @param remedy what to do
 * @param serverText what the server said, in its own words and therefore not to be trusted, cut at 100 characters; empty when it
 *     said nothing
 */
public record HealthFinding(Code code, double score, String measured, String limit, String remedy, String serverText) {

    HealthFinding(Code code, double score, String measured, String limit, String remedy) {
        this(code, score, measured, limit, remedy, "");
    }

    /** The status that this finding alone leads to; {@link HealthStatus#HEALTHY} marks a warning. */
    public HealthStatus status() {
        return HealthStatus.of(score);
    }

    /** What can be found. */
    public enum Code {
        /** The host's name could not be resolved. */
        UNKNOWN_HOST,
        /** Nothing listens at the address. */
        REFUSED,
        /** The server takes no connection now: starting, stopping, or out of connections. */
        UNAVAILABLE,
        /** The connection was lost, or what answered does not speak the protocol. */
        LOST,
        /** No connection by the deadline, or no answer for longer than is waited for. */
        TIMEOUT,
        /** TLS was demanded and could not be had. */
        TLS,
        /** The server refused the login. */
        AUTHENTICATION,
        /** The source of the credentials gave none. */
        CREDENTIALS,
        /** No server has the role that the connection string wants. */
        WRONG_ROLE,
        /** The database, or the health check itself, has been closed by the application. */
        CLOSED,
        /** The check failed in another way. */
        FAILED,
        /** The server to which this is connected cannot write, and one that can is wanted. */
        READ_ONLY,
        /** The answer takes long. */
        SLOW,
        /** Every connection of the pool is in use while callers wait. */
        SATURATED,
        /** Callers wait for a connection that is being made. */
        WAITING,
        /** Callers got no connection lately. */
        ERRORS,
        /** Connections have been out for so long that they may not come back. */
        LEAKS,
        /** The standby is behind its primary. */
        LAG,
        /** The server's certificate expires soon, or has expired. */
        CERTIFICATE_EXPIRING,
        /** The server's clock and ours differ. */
        CLOCK_SKEW,
        /** The pool may grow beyond what the server admits; found with details only. */
        MAX_CONNECTIONS,
        /** It is better than before, and not yet for long enough. */
        RECOVERING
    }
}
