package io.github.r2dbcsession.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthScoreTest {

    private static final HealthLimits LIMITS = DatabaseHealth.builder(Database.of("postgresql://app@localhost/shop"))
            .limits();

    /** The table of the reference page. */
    @ParameterizedTest
    @CsvSource({
        "   0,  0, 0, 10, 1.000, HEALTHY",
        "   1,  5, 0, 10, 0.950, HEALTHY",
        "   1, 10, 0, 10, 0.900, HEALTHY",
        "   1,  5, 2, 10, 0.900, HEALTHY",
        " 500,  0, 0, 10, 0.925, HEALTHY",
        "1000,  0, 0, 10, 0.850, HEALTHY",
        "1001,  0, 0, 10, 0.800, DEGRADED",
        "1500,  0, 0, 10, 0.700, DEGRADED",
        "2000,  0, 0, 10, 0.600, DEGRADED",
        "   1, 10, 1, 10, 0.690, DEGRADED",
        "   1, 10, 5, 10, 0.650, DEGRADED",
        "   1, 10, 50, 10, 0.600, DEGRADED",
        "1500, 10, 1, 10, 0.690, DEGRADED",
    })
    void weighsLatencyAndConnections(
            long millis, int acquired, int pending, int maxSize, double score, HealthStatus status) {
        HealthReport report = report(Duration.ofMillis(millis), pool(acquired, pending, maxSize));

        assertThat(report.score()).isEqualTo(score);
        assertThat(report.status()).isEqualTo(status);
    }

    @Test
    void theStatusIsTheWorstOfTheFindings() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            HealthReport report = report(latency(random), pool(random));

            assertThat(report.status())
                    .as(report.toString())
                    .isEqualTo(report.findings().stream()
                            .map(HealthFinding::status)
                            .max(HealthStatus::compareTo)
                            .orElse(HealthStatus.HEALTHY));
        }
    }

    @Test
    void aSlowerAnswerNeverScoresHigher() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            PoolStats pool = pool(random);
            Duration faster = latency(random);
            Duration slower = faster.plusNanos(random.nextLong(3_000_000_000L));

            assertThat(report(slower, pool).score())
                    .as("%s after %s with %s", slower, faster, pool)
                    .isLessThanOrEqualTo(report(faster, pool).score())
                    .isBetween(0.6, 1.0);
        }
    }

    @Test
    void justAboveTheLimitIsDegraded() {
        PoolStats pool = pool(0, 0, 10);

        assertThat(report(LIMITS.degradedAbove, pool).status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(report(LIMITS.degradedAbove.plusNanos(1), pool).status()).isEqualTo(HealthStatus.DEGRADED);
    }

    @ParameterizedTest
    @CsvSource({"0, UNHEALTHY", "0.5, UNHEALTHY", "0.501, DEGRADED", "0.8, DEGRADED", "0.801, HEALTHY", "1, HEALTHY"})
    void theStatusFollowsTheScore(double score, HealthStatus status) {
        assertThat(HealthStatus.of(score)).isEqualTo(status);
    }

    private static HealthReport report(Duration latency, PoolStats pool) {
        return HealthReport.reachable(answer(latency), seen(pool), LIMITS);
    }

    private static Duration latency(Random random) {
        return Duration.ofNanos(random.nextLong(2_500_000_000L));
    }

    private static PoolStats pool(Random random) {
        int maxSize = 1 + random.nextInt(20);
        return pool(random.nextInt(maxSize + 1), random.nextInt(3), maxSize);
    }

    private static PoolStats pool(int acquired, int pending, int maxSize) {
        return new PoolStats("shop", acquired, 0, 0, 0, pending, maxSize, 0);
    }

    private static Answer answer(Duration latency) {
        return new Answer(latency, false, false, null, Duration.ZERO);
    }

    private static Seen seen(PoolStats pool) {
        return new Seen(Instant.now(), pool, Lately.Acquires.NONE, Optional.empty(), Optional.empty());
    }
}
