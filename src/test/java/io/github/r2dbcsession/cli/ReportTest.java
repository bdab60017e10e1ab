package io.github.r2dbcsession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.health.HealthStatus;
import org.junit.jupiter.api.Test;

class ReportTest {

    private final Report report = new Report();

    @Test
    void theWorstFindingDecidesAndComesFirstWhereverItWasFound() {
        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);

        find(HealthStatus.HEALTHY);
        find(HealthStatus.UNHEALTHY);
        find(HealthStatus.DEGRADED);

        assertThat(report.status()).isEqualTo(HealthStatus.UNHEALTHY);
        assertThat(report.findings())
                .extracting(Report.Finding::status)
                .containsExactly(HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.HEALTHY);
    }

    @Test
    void whatAServerSaidCannotSteerATerminal() {
        report.begin("server");
        report.fact("version", "15\u001b[31m\nred");

        assertThat(report.sections().get(0).facts().get(0).value()).isEqualTo("15 [31m red");
    }

    private void find(HealthStatus status) {
        report.find(status, status.name(), "measured", "limit", "remedy");
    }
}
