package io.github.r2dbcsession.health;

import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.health.Lately.Acquires;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says what there is to say of a database that could be reached. */
final class Findings {

    private static final double WARNING = 0.85;
    private static final double DEGRADED = 0.7;
    private static final double UNUSABLE = 0.3;

    private Findings() {}

    static List<HealthFinding> of(Answer answer, Seen seen, HealthLimits limits) {
        List<HealthFinding> findings = new ArrayList<>();
        role(answer, limits).ifPresent(findings::add);
        pool(seen.pool()).ifPresent(findings::add);
        slow(answer.latency(), limits).ifPresent(findings::add);
        lag(answer.lag(), limits).ifPresent(findings::add);
        errors(seen.acquires(), limits).ifPresent(findings::add);
        seen.leaks().map(Findings::leaks).ifPresent(findings::add);
        certificate(seen, limits).ifPresent(findings::add);
        clock(answer.clockSkew(), limits).ifPresent(findings::add);
        return findings;
    }

    /** Of a connection that has owed its answer for so long. */
    static List<HealthFinding> unanswered(Duration owed, Seen seen, HealthLimits limits) {
        List<HealthFinding> findings = new ArrayList<>();
        pool(seen.pool()).ifPresent(findings::add);
        Duration beyond = owed.compareTo(limits.degradedAbove) > 0 ? owed : limits.degradedAbove.plusNanos(1);
        findings.add(new HealthFinding(
                Code.SLOW,
                HealthScore.answer(beyond, limits),
                "no answer after " + owed.toMillis() + " ms, and the connection is open",
                limits.degradedAbove.toMillis() + " ms",
                SLOW_REMEDY));
        return findings;
    }

    private static final String SLOW_REMEDY = "look at the server's load, its disks and the network between";

    private static Optional<HealthFinding> slow(Duration latency, HealthLimits limits) {
        boolean degraded = latency.compareTo(limits.degradedAbove) > 0;
        Duration limit = degraded ? limits.degradedAbove : limits.warnAbove;
        return latency.compareTo(limit) <= 0
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.SLOW,
                        HealthScore.answer(latency, limits),
                        "the answer took " + latency.toMillis() + " ms",
                        limit.toMillis() + " ms",
                        SLOW_REMEDY));
    }

    private static Optional<HealthFinding> role(Answer answer, HealthLimits limits) {
        return !answer.readOnly() || !limits.primaryWanted
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.READ_ONLY,
                        UNUSABLE,
                        Boolean.TRUE.equals(answer.standby())
                                ? "the server is a standby"
                                : "sessions are read-only by default",
                        "a primary that can be written to",
                        "name the primary among the hosts; after a failover, wait until it takes writes"));
    }

    private static Optional<HealthFinding> pool(PoolStats pool) {
        if (pool.saturated()) {
            return Optional.of(new HealthFinding(
                    Code.SATURATED,
                    HealthScore.connections(pool),
                    (pool.acquired() + pool.recovering()) + " connections in use and " + pool.pending()
                            + " callers waiting",
                    "maxSize " + pool.maxSize(),
                    "the server answers: shorten the work done on each connection, or raise maxSize"));
        }
        return pool.pending() == 0
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.WAITING,
                        HealthScore.connections(pool),
                        pool.pending() + " callers waiting, " + pool.connecting() + " connections being made",
                        "0 callers waiting",
                        "if it lasts, connecting is slow: warm the pool up, or raise minIdle"));
    }

    private static Optional<HealthFinding> lag(@Nullable Duration lag, HealthLimits limits) {
        return lag == null || lag.compareTo(limits.lagAbove) <= 0
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.LAG,
                        DEGRADED,
                        "the standby is " + lag.toSeconds() + " s behind",
                        limits.lagAbove.toMillis() + " ms",
                        "look at the network to the primary, the standby's disks, and queries that hold replay up"));
    }

    private static Optional<HealthFinding> errors(Acquires acquires, HealthLimits limits) {
        return acquires.failed() == 0
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.ERRORS,
                        acquires.failedShare() > limits.errorsAbove ? DEGRADED : WARNING,
                        acquires.failed() + " of " + (acquires.acquired() + acquires.failed())
                                + " callers got no connection in the last "
                                + acquires.within().toSeconds() + " s",
                        "a share of " + limits.errorsAbove,
                        "look at their errors: a pool too small, or a server that was away"));
    }

    private static HealthFinding leaks(Leaks leaks) {
        return new HealthFinding(
                Code.LEAKS,
                WARNING,
                leaks.connections() + " connections have been out for a long time, one for "
                        + leaks.longest().toMillis() + " ms",
                "leakDetectionThreshold " + leaks.limit().toMillis() + " ms",
                "look who has them, in the log or by holders(): each must be closed, or raise the threshold");
    }

    private static Optional<HealthFinding> certificate(Seen seen, HealthLimits limits) {
        return seen.certificateExpiry().flatMap(expiry -> certificate(seen.time(), expiry, limits));
    }

    private static Optional<HealthFinding> certificate(Instant now, Instant expiry, HealthLimits limits) {
        Duration left = Duration.between(now, expiry);
        boolean degraded = left.compareTo(limits.certificateDegradedWithin) <= 0;
        Duration limit = degraded ? limits.certificateDegradedWithin : limits.certificateWarnWithin;
        return left.compareTo(limit) > 0
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.CERTIFICATE_EXPIRING,
                        degraded ? DEGRADED : WARNING,
                        "the server's certificate " + (left.isNegative() ? "ended" : "ends") + " at " + expiry,
                        limit.toDays() + " days before its end",
                        "renew it; where it is verified, no connection is made once it has ended"));
    }

    private static Optional<HealthFinding> clock(@Nullable Duration skew, HealthLimits limits) {
        return skew == null || skew.abs().compareTo(limits.clockSkewAbove) <= 0
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.CLOCK_SKEW,
                        WARNING,
                        "the server's clock is " + skew.abs().toMillis() + " ms "
                                + (skew.isNegative() ? "behind" : "ahead of") + " ours",
                        limits.clockSkewAbove.toMillis() + " ms",
                        "synchronize both by NTP: times that each writes do not compare"));
    }

    /** The pool, and the connection of the checks, against what the server admits. */
    static Optional<HealthFinding> ofSettings(HealthDetails details, PoolStats pool) {
        int admitted = details.maxConnections().orElse(Integer.MAX_VALUE)
                - details.reservedConnections().orElse(0);
        return pool.maxSize() < admitted
                ? Optional.empty()
                : Optional.of(new HealthFinding(
                        Code.MAX_CONNECTIONS,
                        WARNING,
                        "the pool may open " + pool.maxSize() + " connections and the checks one",
                        admitted + " connections that the server admits, of every application together",
                        "lower maxSize, or raise max_connections"));
    }
}
