package io.github.r2dbcsession.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.ServerRole;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException.Reason;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.CredentialsUnavailableException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.github.r2dbcsession.health.HealthFinding.Code;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HealthFindingsTest {

    private static final String CANARY = "c4n[ary";
    private static final PoolStats POOL = new PoolStats("shop", 0, 0, 0, 0, 0, 10, 0);
    private static final HealthLimits LIMITS = DatabaseHealth.builder(Database.of("postgresql://app@localhost/shop"))
            .limits();

    static Stream<Arguments> failures() {
        Throwable cause = new IllegalStateException(CANARY);
        return Stream.of(
                Arguments.of(connect(Reason.UNKNOWN_HOST), Code.UNKNOWN_HOST),
                Arguments.of(connect(Reason.REFUSED), Code.REFUSED),
                Arguments.of(connect(Reason.UNAVAILABLE), Code.UNAVAILABLE),
                Arguments.of(connect(Reason.LOST), Code.LOST),
                Arguments.of(new ConnectTimeoutException(CANARY, Duration.ofSeconds(1)), Code.TIMEOUT),
                Arguments.of(new TimeoutException(CANARY), Code.TIMEOUT),
                Arguments.of(new TlsFailedException(CANARY, cause), Code.TLS),
                Arguments.of(new AuthenticationFailedException(CANARY, "28P01", cause), Code.AUTHENTICATION),
                Arguments.of(new CredentialsUnavailableException(CANARY, cause), Code.CREDENTIALS),
                Arguments.of(
                        new NoSuitableHostException(CANARY, List.of(), ServerRole.PRIMARY, cause), Code.WRONG_ROLE),
                Arguments.of(new PoolClosedException("shop"), Code.CLOSED),
                Arguments.of(new CancellationException(CANARY), Code.CLOSED),
                Arguments.of(cause, Code.FAILED));
    }

    private static Throwable connect(Reason reason) {
        return new ConnectFailedException(reason, CANARY, "08001", new IllegalStateException(CANARY));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void tellsFailuresApartInItsOwnWords(Throwable failure, Code code) {
        HealthReport report = HealthReport.unreachable(failure, seen(POOL), LIMITS);

        assertThat(report.status()).isEqualTo(HealthStatus.UNHEALTHY);
        assertThat(report.score()).isZero();
        assertThat(report.latency()).isEmpty();
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.code()).isEqualTo(code);
            assertThat(finding.status()).isEqualTo(HealthStatus.UNHEALTHY);
            assertThat(finding.limit()).isEqualTo("a connection within 1000 ms, and an answer within 2000 ms");
            assertThat(finding.remedy()).isNotBlank();
            assertThat(finding.toString()).doesNotContain(CANARY);
        });
        assertThat(report.toString())
                .contains("shop is UNHEALTHY")
                .contains(code.name())
                .doesNotContain(CANARY);
    }

    @Test
    void anAnswerAboveTheFirstLimitIsAWarning() {
        HealthReport report = HealthReport.reachable(answer(Duration.ofMillis(600)), seen(POOL), LIMITS);

        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.code()).isEqualTo(Code.SLOW);
            assertThat(finding.measured()).contains("600 ms");
            assertThat(finding.limit()).isEqualTo("500 ms");
        });
    }

    @Test
    void callersWhoWaitForAConnectAreAWarning() {
        PoolStats connecting = new PoolStats("shop", 2, 0, 0, 3, 4, 10, 0);

        HealthReport report = HealthReport.reachable(answer(Duration.ofMillis(1)), seen(connecting), LIMITS);

        assertThat(report.status()).isEqualTo(HealthStatus.HEALTHY);
        assertThat(report.findings()).singleElement().satisfies(finding -> {
            assertThat(finding.code()).isEqualTo(Code.WAITING);
            assertThat(finding.measured()).isEqualTo("4 callers waiting, 3 connections being made");
        });
    }

    @Test
    void serverTextIsOneLineOfAHundredCharacters() {
        assertThat(ServerText.cut("short")).isEqualTo("short");
        assertThat(ServerText.cut("a\r\nb\u001b[31m\u202e\u2028")).isEqualTo("a  b [31m  ");
        assertThat(ServerText.cut("x".repeat(101))).hasSize(100);
        assertThat(ServerText.cut("x".repeat(99) + "\uD83D\uDE00")).isEqualTo("x".repeat(99));
    }

    @Test
    void limitsThatContradictEachOtherAreRefused() {
        DatabaseHealthBuilder builder = DatabaseHealth.builder(Database.of("postgresql://app@localhost/shop"));

        assertThatThrownBy(() -> builder.timeout(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeout must be positive, was PT0S");
        assertThatThrownBy(() -> builder.interval(Duration.ofNanos(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("interval must be at least 1 ms, was PT0.000000001S");
        assertThatThrownBy(() -> builder.errorsAbove(Double.NaN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("errorsAbove must be from 0 to 1, was NaN");
        assertThatThrownBy(() -> builder.recoverAfter(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("recoverAfter must be at least 1, was 0");
        assertThatThrownBy(() -> builder.certificateWithin(Duration.ofDays(1), Duration.ofDays(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("degraded must be at most warn");
        assertThatThrownBy(() -> builder.giveUpAfter(Duration.ofMillis(900)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must be at most giveUpAfter, was 1000 ms with giveUpAfter 900 ms");
        builder.giveUpAfter(Duration.ofSeconds(2));
        assertThatThrownBy(() -> builder.degradedAbove(Duration.ofMillis(400)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("warnAbove must be at most degradedAbove, was 500 ms with degradedAbove 400 ms");
    }

    private static Answer answer(Duration latency) {
        return new Answer(latency, false, false, null, Duration.ZERO);
    }

    private static Seen seen(PoolStats pool) {
        return new Seen(Instant.now(), pool, Lately.Acquires.NONE, Optional.empty(), Optional.empty());
    }
}
