package io.github.r2dbcsession.health;

/** How a database is doing, from best to worst. */
public enum HealthStatus {
    /** It answers in good time and callers get their connections. */
    HEALTHY,
    /** It works, but not as it should: slowly, behind its primary, or with callers who wait because every connection is in use. */
    DEGRADED,
    /** It cannot be used. */
    UNHEALTHY;

    private static final double UNHEALTHY_UP_TO = 0.5;
    private static final double DEGRADED_UP_TO = 0.8;

    /** The highest score that stands for this status. */
    double highestScore() {
        return switch (this) {
            case HEALTHY -> 1;
            case DEGRADED -> DEGRADED_UP_TO;
            case UNHEALTHY -> UNHEALTHY_UP_TO;
        };
    }

    /** Returns the status that a score from 0 to 1 stands for: 0.5 and below is unhealthy, above 0.8 healthy. */
    static HealthStatus of(double score) {
        if (score <= UNHEALTHY_UP_TO) {
            return UNHEALTHY;
        }
        return score <= DEGRADED_UP_TO ? DEGRADED : HEALTHY;
    }
}
