package io.github.r2dbcsession.health;

import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a check found. Immutable. It holds no credential, and of the server's words only what is marked as such. */
public final class HealthReport {

    private final double score;
    private final @Nullable Answer answer;
    private final Seen seen;
    private final List<HealthFinding> findings;
    private final @Nullable HealthDetails details;
    private final long taken;

    private HealthReport(
            double score,
            @Nullable Answer answer,
            Seen seen,
            List<HealthFinding> findings,
            @Nullable HealthDetails details,
            long taken) {
        this.score = findings.stream().mapToDouble(HealthFinding::score).reduce(score, Math::min);
        this.answer = answer;
        this.seen = seen;
        this.findings = List.copyOf(findings);
        this.details = details;
        this.taken = taken;
    }

    static HealthReport reachable(Answer answer, Seen seen, HealthLimits limits) {
        return new HealthReport(
                HealthScore.of(answer.latency(), seen.pool(), limits),
                answer,
                seen,
                Findings.of(answer, seen, limits),
                null,
                System.nanoTime());
    }

    /** Of a connection that has owed its answer for so long. */
    static HealthReport unanswered(Duration owed, Seen seen, HealthLimits limits) {
        return new HealthReport(
                HealthScore.connections(seen.pool()),
                null,
                seen,
                Findings.unanswered(owed, seen, limits),
                null,
                System.nanoTime());
    }

    static HealthReport unreachable(Throwable failure, Seen seen, HealthLimits limits) {
        return new HealthReport(0, null, seen, List.of(Unreachable.of(failure, limits)), null, System.nanoTime());
    }

    /** The same with one finding more. */
    HealthReport with(HealthFinding finding) {
        List<HealthFinding> all = new ArrayList<>(findings);
        all.add(finding);
        return new HealthReport(score, answer, seen, all, details, taken);
    }

    /** The same with details and what they make of it. */
    HealthReport with(HealthDetails told) {
        List<HealthFinding> all = new ArrayList<>(findings);
        Findings.ofSettings(told, seen.pool()).ifPresent(all::add);
        return new HealthReport(score, answer, seen, all, told, taken);
    }

    /** The name of the database. */
    public String name() {
        return seen.pool().name();
    }

    /** The status: what the score stands for, so that the two never disagree. It is the worst status among the findings. */
    public HealthStatus status() {
        return HealthStatus.of(score);
    }

    /**
     * The score, from 0 to 1 in thousandths: 0.5 and below is unhealthy, above 0.8 healthy, between them degraded.
     *
     * <p>A database that cannot be reached scores 0. Of another the weakest side decides: the lowest of these figures, and of the scores
     * of its findings.
     *
     * <ul>
     *   <li>answer: {@code 1 - 0.15 * latency / degradedAbove} up to {@code degradedAbove}, beyond it
     *       {@code 0.8 - 0.2 * (latency - degradedAbove) / (giveUpAfter - degradedAbove)};
     *   <li>connections: {@code 1 - 0.1 * utilization}, less 0.05 while callers wait; when the pool is saturated, which is every
     *       connection in use while callers wait, {@code 0.7 - 0.1 * pending / maxSize}, and 0.6 at the least.
     * </ul>
     */
    public double score() {
        return score;
    }

    /** How long the statement of the check took on an open connection, or empty when it was not answered. */
    public Optional<Duration> latency() {
        return Optional.ofNullable(answer).map(Answer::latency);
    }

    @Nullable
    Answer answer() {
        return answer;
    }

    /** The figures of the application's pool. */
    public PoolStats pool() {
        return seen.pool();
    }

    /** What led to the score, empty when there is nothing to say. */
    public List<HealthFinding> findings() {
        return findings;
    }

    /** What the server told about itself; empty when it did not answer or was not asked for details. */
    public Optional<HealthDetails> details() {
        return Optional.ofNullable(details);
    }

    /** When the check ended. */
    public Instant time() {
        return seen.time();
    }

    /** How long ago that is now. */
    public Duration age() {
        return Duration.ofNanos(System.nanoTime() - taken);
    }

    boolean isClosed() {
        return findings.stream().anyMatch(finding -> finding.code() == Code.CLOSED);
    }

    /** What makes it another report for those who follow changes. */
    Object gist() {
        return findings.stream()
                .map(finding -> finding.code() + " " + finding.status())
                .collect(Collectors.toSet());
    }

    /** Returns status, score and findings on one line. */
    @Override
    public String toString() {
        String reasons = findings.stream()
                .map(finding -> finding.code() + " " + finding.measured())
                .collect(Collectors.joining("; "));
        return name() + " is " + status() + " (score " + score + ")" + (reasons.isEmpty() ? "" : ": " + reasons);
    }
}
