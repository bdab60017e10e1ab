package io.github.r2dbcsession.health;

import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a check found. Immutable. It holds no credential, and of the server's words only what is marked as such. */
public final class HealthReport {

    private final Instant time = Instant.now();
    private final double score;
    private final @Nullable Duration latency;
    private final PoolStats pool;
    private final List<HealthFinding> findings;
    private final @Nullable HealthDetails details;

    private HealthReport(
            double score,
            @Nullable Duration latency,
            PoolStats pool,
            List<HealthFinding> findings,
            @Nullable HealthDetails details) {
        this.score = score;
        this.latency = latency;
        this.pool = pool;
        this.findings = List.copyOf(findings);
        this.details = details;
    }

    static HealthReport reachable(
            Duration latency, PoolStats pool, HealthLimits limits, @Nullable HealthDetails details) {
        return new HealthReport(
                HealthScore.of(latency, pool, limits), latency, pool, Findings.of(latency, pool, limits), details);
    }

    static HealthReport unreachable(Throwable failure, PoolStats pool, HealthLimits limits) {
        return new HealthReport(HealthScore.UNREACHABLE, null, pool, List.of(Unreachable.of(failure, limits)), null);
    }

    /** The status: what the score stands for, so that the two never disagree. It is the worst status among the findings. */
    public HealthStatus status() {
        return HealthStatus.of(score);
    }

    /**
     * The score, from 0 to 1 in thousandths: 0.5 and below is unhealthy, above 0.8 healthy, between them degraded.
     *
     * <p>A database that did not answer scores 0. One that did scores the lower of two figures, so that the weaker side decides:
     *
     * <ul>
     *   <li>answer: {@code 1 - 0.15 * latency / degradedAbove} up to {@code degradedAbove}, beyond it
     *       {@code 0.8 - 0.2 * (latency - degradedAbove) / (timeout - degradedAbove)};
     *   <li>connections: {@code 1 - 0.1 * utilization}, less 0.05 while callers wait; when the pool is saturated, which is every
     *       connection in use while callers wait, {@code 0.7 - 0.1 * pending / maxSize}, and 0.6 at the least.
     * </ul>
     */
    public double score() {
        return score;
    }

    /** How long {@code SELECT 1} took on an open connection, or empty when it was not answered. */
    public Optional<Duration> latency() {
        return Optional.ofNullable(latency);
    }

    /** The figures of the application's pool. */
    public PoolStats pool() {
        return pool;
    }

    /** What led to the score, empty when there is nothing to say. */
    public List<HealthFinding> findings() {
        return findings;
    }

    /** What the server told about itself; empty when it did not answer or details are switched off. */
    public Optional<HealthDetails> details() {
        return Optional.ofNullable(details);
    }

    /** When the check ended. */
    public Instant time() {
        return time;
    }

    /** Returns status, score and findings on one line. */
    @Override
    public String toString() {
        String reasons = findings.stream()
                .map(finding -> finding.code() + " " + finding.measured())
                .collect(Collectors.joining("; "));
        return pool.name() + " is " + status() + " (score " + score + ")" + (reasons.isEmpty() ? "" : ": " + reasons);
    }
}
