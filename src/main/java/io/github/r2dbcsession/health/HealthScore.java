package io.github.r2dbcsession.health;

import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;

/** The formulas that {@link HealthReport#score()} states. */
final class HealthScore {

    private HealthScore() {}

    /** Returns the score of a database that answered, above 0.5 and up to 1, in thousandths. */
    static double of(Duration latency, PoolStats pool, HealthLimits limits) {
        return Math.min(answer(latency, limits), connections(pool));
    }

    /** Returns the score that a latency alone leads to. */
    static double answer(Duration latency, HealthLimits limits) {
        if (latency.compareTo(limits.degradedAbove) <= 0) {
            return rounded(1 - 0.15 * ratio(latency, limits.degradedAbove));
        }
        Duration beyond = latency.minus(limits.degradedAbove);
        return rounded(0.8 - 0.2 * ratio(beyond, limits.giveUpAfter.minus(limits.degradedAbove)));
    }

    /** Returns the score that the pool's figures alone lead to. */
    static double connections(PoolStats pool) {
        if (pool.saturated()) {
            return rounded(0.7 - 0.1 * Math.min(1, (double) pool.pending() / pool.maxSize()));
        }
        return rounded(1 - 0.1 * pool.utilization() - (pool.pending() > 0 ? 0.05 : 0));
    }

    private static double ratio(Duration part, Duration whole) {
        return whole.isZero() ? 1 : Math.min(1, (double) part.toNanos() / whole.toNanos());
    }

    private static double rounded(double score) {
        return Math.round(score * 1000) / 1000.0;
    }
}
