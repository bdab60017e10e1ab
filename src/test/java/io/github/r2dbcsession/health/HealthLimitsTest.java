package io.github.r2dbcsession.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.health.Lately.Acquires;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every limit is the one that was set: at it nothing is found, beyond it the finding. */
class HealthLimitsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final PoolStats POOL = new PoolStats("shop", 0, 0, 0, 0, 0, 10, 0);
    private static final HealthLimits LIMITS = builder("?target_session_attrs=any")
            .warnAbove(Duration.ofMillis(20))
            .degradedAbove(Duration.ofMillis(40))
            .lagAbove(Duration.ofSeconds(2))
            .clockSkewAbove(Duration.ofSeconds(1))
            .certificateWithin(Duration.ofDays(10), Duration.ofDays(5))
            .errorsAbove(0.5)
            .limits();

    @Test
    void ofTheLatency() {
        assertThat(latency(20)).isEmpty();
        assertFound(latency(21), Code.SLOW, HealthStatus.HEALTHY, "20 ms");
        assertFound(latency(40), Code.SLOW, HealthStatus.HEALTHY, "20 ms");
        assertFound(latency(41), Code.SLOW, HealthStatus.DEGRADED, "40 ms");
    }

    @Test
    void ofTheLag() {
        assertThat(lag(2_000)).isEmpty();
        assertFound(lag(2_001), Code.LAG, HealthStatus.DEGRADED, "2000 ms");
    }

    @Test
    void ofTheClock() {
        assertThat(skew(1_000)).isEmpty();
        assertThat(skew(-1_000)).isEmpty();
        assertFound(skew(1_001), Code.CLOCK_SKEW, HealthStatus.HEALTHY, "1000 ms");
        assertFound(skew(-1_001), Code.CLOCK_SKEW, HealthStatus.HEALTHY, "1000 ms");
        assertThat(skew(1_001).orElseThrow().measured()).endsWith("1001 ms ahead of ours");
        assertThat(skew(-1_001).orElseThrow().measured()).endsWith("1001 ms behind ours");
    }

    @Test
    void ofTheCertificate() {
        assertThat(certificate(Duration.ofDays(10).plusSeconds(1))).isEmpty();
        assertFound(
                certificate(Duration.ofDays(10)),
                Code.CERTIFICATE_EXPIRING,
                HealthStatus.HEALTHY,
                "10 days before its end");
        assertFound(
                certificate(Duration.ofDays(5).plusSeconds(1)),
                Code.CERTIFICATE_EXPIRING,
                HealthStatus.HEALTHY,
                "10 days before its end");
        assertFound(
                certificate(Duration.ofDays(5)),
                Code.CERTIFICATE_EXPIRING,
                HealthStatus.DEGRADED,
                "5 days before its end");
        assertThat(certificate(Duration.ofDays(-1)).orElseThrow().measured()).contains("ended at");
    }

    @Test
    void ofTheErrors() {
        assertThat(errors(9, 0)).isEmpty();
        assertFound(errors(1, 1), Code.ERRORS, HealthStatus.HEALTHY, "a share of 0.5");
        assertFound(errors(1, 2), Code.ERRORS, HealthStatus.DEGRADED, "a share of 0.5");
    }

    @Test
    void ofTheRole() {
        Answer readOnly = new Answer(Duration.ofMillis(1), true, true, null, null);

        assertThat(only(readOnly, LIMITS)).isEmpty();
        for (HealthLimits wanted : new HealthLimits[] {
            builder("").primaryWanted().limits(),
            builder("?target_session_attrs=primary").limits(),
            builder("?target_session_attrs=read-write").limits()
        }) {
            assertFound(
                    only(readOnly, wanted), Code.READ_ONLY, HealthStatus.UNHEALTHY, "a primary that can be written to");
        }
    }

    @Test
    void ofTheServersConnections() {
        assertThat(settings(14, 3)).isEmpty();
        assertFound(
                settings(13, 3),
                Code.MAX_CONNECTIONS,
                HealthStatus.HEALTHY,
                "10 connections that the server admits, of every application together");
    }

    @Test
    void itGetsWorseAtOnceAndBetterOnlyAfterSoManyInARow() {
        Steadying steadying = new Steadying(3);

        assertThat(steadying.steady(report(1)).status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(steadying.steady(report(41)).status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(steadying.steady(report(1)).status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(steadying.steady(report(1)).status()).isEqualTo(HealthStatus.DEGRADED);
        assertThat(steadying.steady(report(41)).status()).isEqualTo(HealthStatus.DEGRADED);
        for (int better = 1; better < 3; better++) {
            HealthReport waiting = steadying.steady(report(1));
            assertThat(waiting.status()).isEqualTo(HealthStatus.DEGRADED);
            assertThat(waiting.findings()).extracting(HealthFinding::code).containsExactly(Code.RECOVERING);
        }
        assertThat(steadying.steady(report(1)).findings()).isEmpty();
    }

    @Test
    void aFindingThatGetsWorseIsAChange() {
        assertThat(report(21).gist()).isEqualTo(report(30).gist());
        assertThat(report(21).gist()).isNotEqualTo(report(41).gist());
        assertThat(report(1).gist()).isNotEqualTo(report(21).gist());
    }

    private static DatabaseHealthBuilder builder(String parameters) {
        return DatabaseHealth.builder(Database.of("postgresql://app@localhost/shop" + parameters));
    }

    private static Optional<HealthFinding> latency(long millis) {
        return report(millis).findings().stream().findFirst();
    }

    private static HealthReport report(long millis) {
        Answer answer = new Answer(Duration.ofMillis(millis), false, false, null, Duration.ZERO);
        return HealthReport.reachable(answer, seen(Acquires.NONE, null), LIMITS);
    }

    private static Optional<HealthFinding> lag(long millis) {
        return only(new Answer(Duration.ofMillis(1), true, true, Duration.ofMillis(millis), null), LIMITS);
    }

    private static Optional<HealthFinding> skew(long millis) {
        return only(new Answer(Duration.ofMillis(1), false, false, null, Duration.ofMillis(millis)), LIMITS);
    }

    private static Optional<HealthFinding> certificate(Duration left) {
        return only(fine(), seen(Acquires.NONE, NOW.plus(left)), LIMITS);
    }

    private static Optional<HealthFinding> errors(long acquired, long failed) {
        return only(fine(), seen(new Acquires(acquired, failed, Duration.ofMinutes(1)), null), LIMITS);
    }

    private static Optional<HealthFinding> settings(int maxConnections, int reserved) {
        HealthDetails.Builder told = new HealthDetails.Builder();
        told.maxConnections = maxConnections;
        told.reservedConnections = reserved;
        return Findings.ofSettings(told.build(), POOL);
    }

    private static Answer fine() {
        return new Answer(Duration.ofMillis(1), false, false, null, Duration.ZERO);
    }

    private static Optional<HealthFinding> only(Answer answer, HealthLimits limits) {
        return only(answer, seen(Acquires.NONE, null), limits);
    }

    private static Optional<HealthFinding> only(Answer answer, Seen seen, HealthLimits limits) {
        HealthReport report = HealthReport.reachable(answer, seen, limits);
        assertThat(report.findings()).hasSizeLessThan(2);
        return report.findings().stream().findFirst();
    }

    private static Seen seen(Acquires acquires, Instant certificateExpiry) {
        return new Seen(NOW, POOL, acquires, Optional.ofNullable(certificateExpiry), Optional.empty());
    }

    private static void assertFound(Optional<HealthFinding> found, Code code, HealthStatus status, String limit) {
        assertThat(found).hasValueSatisfying(finding -> {
            assertThat(finding.code()).isEqualTo(code);
            assertThat(finding.status()).isEqualTo(status);
            assertThat(finding.limit()).isEqualTo(limit);
        });
    }
}
