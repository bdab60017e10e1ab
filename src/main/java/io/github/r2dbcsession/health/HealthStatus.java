package io.github.r2dbcsession.health;

/** How a database is doing, from best to worst. */
public enum HealthStatus {
    /** It answers in good time and callers get their connections. */
    HEALTHY,
    /** It works, but slowly, or callers wait because every connection is in use. */
    DEGRADED,
    /** It cannot be used. */
    UNHEALTHY;

    private static final double UNHEALTHY_UP_TO = 0.5;
    private static final double DEGRADED_UP_TO = 0.8;

    /** Returns the status that a score from 0 to 1 stands for: 0.5 and below is unhealthy, above 0.8 healthy. */
    static HealthStatus of(double score) {
        if (score <= UNHEALTHY_UP_TO) {
            return UNHEALTHY;
        }
        return score <= DEGRADED_UP_TO ? DEGRADED : HEALTHY;
    }
}
