package io.github.r2dbcsession.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.pool.PoolStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Holds the reference page against the code. */
class HealthReferenceTest {

    private static final HealthLimits LIMITS = DatabaseHealth.builder(Database.of("postgresql://app@localhost/shop"))
            .limits();

    @Test
    void listsEveryFinding() throws IOException {
        assertThat(table("code"))
                .extracting(cells -> cells.get(0))
                .containsExactlyElementsOf(Arrays.stream(HealthFinding.Code.values())
                        .map(code -> "`" + code + "`")
                        .toList());
    }

    @Test
    void listsEveryOption() throws IOException {
        assertThat(table("option"))
                .extracting(cells -> cells.get(0))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(DatabaseHealthBuilder.class.getMethods())
                        .filter(method -> method.getReturnType() == DatabaseHealthBuilder.class)
                        .map(method -> "`" + method.getName() + "`")
                        .distinct()
                        .toList());
    }

    @Test
    void showsScoresAsTheyAre() throws IOException {
        assertThat(table("latency")).hasSizeGreaterThan(5).allSatisfy(cells -> {
            Duration latency = Duration.ofMillis(Long.parseLong(cells.get(0).replace(" ms", "")));
            PoolStats pool = new PoolStats(
                    "shop", Integer.parseInt(cells.get(1)), 0, 0, 0, Integer.parseInt(cells.get(2)), 10, 0);
            HealthReport report = HealthReport.reachable(answer(latency), seen(pool), LIMITS);
            assertThat(report.score()).isEqualTo(Double.parseDouble(cells.get(3)));
            assertThat(report.status()).isEqualTo(HealthStatus.valueOf(cells.get(4)));
        });
    }

    /** The rows of the table whose first heading is this. */
    private static List<List<String>> table(String heading) throws IOException {
        return Files.readAllLines(Path.of("docs/reference/health.md")).stream()
                .dropWhile(line -> !line.startsWith("| " + heading + " |"))
                .takeWhile(line -> line.startsWith("|"))
                .skip(2)
                .map(line -> Arrays.stream(line.substring(1).split("\\|"))
                        .map(String::strip)
                        .toList())
                .toList();
    }

    private static Answer answer(Duration latency) {
        return new Answer(latency, false, false, null, Duration.ZERO);
    }

    private static Seen seen(PoolStats pool) {
        return new Seen(Instant.now(), pool, Lately.Acquires.NONE, Optional.empty(), Optional.empty());
    }
}
