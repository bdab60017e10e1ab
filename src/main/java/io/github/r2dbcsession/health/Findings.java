package io.github.r2dbcsession.health;

import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Says in words what {@link HealthScore} says in figures, of a database that answered. */
final class Findings {

    private Findings() {}

    static List<HealthFinding> of(Duration latency, PoolStats pool, HealthLimits limits) {
        List<HealthFinding> findings = new ArrayList<>();
        if (pool.saturated()) {
            findings.add(saturated(pool));
        } else if (pool.pending() > 0) {
            findings.add(waiting(pool));
        }
        if (latency.compareTo(limits.degradedAbove()) > 0) {
            findings.add(slow(HealthStatus.DEGRADED, latency, limits.degradedAbove()));
        } else if (latency.compareTo(limits.warnAbove()) > 0) {
            findings.add(slow(HealthStatus.HEALTHY, latency, limits.warnAbove()));
        }
        return findings;
    }

    private static HealthFinding slow(HealthStatus status, Duration latency, Duration limit) {
        return new HealthFinding(
                Code.SLOW,
                status,
                "SELECT 1 was answered in " + latency.toMillis() + " ms",
                limit.toMillis() + " ms",
                "look at the server's load, its disks and the network between",
                "");
    }

    private static HealthFinding saturated(PoolStats pool) {
        return new HealthFinding(
                Code.SATURATED,
                HealthStatus.DEGRADED,
                (pool.acquired() + pool.recovering()) + " connections in use and " + pool.pending()
                        + " callers waiting",
                "maxSize " + pool.maxSize(),
                "the server answers: shorten the work done on each connection, or raise maxSize",
                "");
    }

    private static HealthFinding waiting(PoolStats pool) {
        return new HealthFinding(
                Code.WAITING,
                HealthStatus.HEALTHY,
                pool.pending() + " callers waiting, " + pool.connecting() + " connections being made",
                "0 callers waiting",
                "if it lasts, connecting is slow: warm the pool up, or raise minIdle",
                "");
    }
}
