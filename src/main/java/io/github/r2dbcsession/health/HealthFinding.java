package io.github.r2dbcsession.health;

/**
 * One reason for a report's status. Immutable.
 *
 * @param code what was found
 * @param status the status that this finding alone leads to; {@link HealthStatus#HEALTHY} marks a warning
 * @param measured what was measured
 * @param limit what it was measured against
 * @param remedy what to do
 * @param serverText what the server said, in its own words and therefore not to be trusted, cut at 100 characters; empty when it
 *     said nothing
 */
public record HealthFinding(
        Code code, HealthStatus status, String measured, String limit, String remedy, String serverText) {

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
        /** There was no answer within the limit. */
        TIMEOUT,
        /** TLS was demanded and could not be had. */
        TLS,
        /** The server refused the login. */
        AUTHENTICATION,
        /** The database, or the health check itself, has been closed by the application. */
        CLOSED,
        /** The check failed in another way. */
        FAILED,
        /** The answer took long. */
        SLOW,
        /** Every connection of the pool is in use while callers wait. */
        SATURATED,
        /** Callers wait for a connection that is being made. */
        WAITING
    }
}
