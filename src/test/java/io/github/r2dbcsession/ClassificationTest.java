package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every SQLSTATE of PostgreSQL 14 to 18 means in every phase. */
class ClassificationTest {

    private static final Path RESOURCES = Path.of("src/test/resources/io/github/r2dbcsession");
    private static final Path GOLDEN = RESOURCES.resolve("classification.txt");

    /** After a deliberate change: {@code mvn -q test -Dtest=ClassificationTest -Dclassification=write}, then read the diff. */
    @Test
    void everySqlStateMeansWhatTheGoldenFileSays() throws IOException {
        List<String> table = Files.readAllLines(RESOURCES.resolve("sqlstates.txt")).stream()
                .map(ClassificationTest::row)
                .toList();
        if (System.getProperty("classification", "check").equals("write")) {
            Files.write(GOLDEN, table);
        }

        assertThat(table).isEqualTo(Files.readAllLines(GOLDEN));
    }

    private static String row(String sqlState) {
        return sqlState + " "
                + Arrays.stream(Phase.values())
                        .map(phase -> Classification.of(sqlState, phase))
                        .map(found -> found.verdict() + (found.again() ? "+" : ""))
                        .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void noAnswerIsALostConnection(Phase phase) {
        assertThat(Classification.of(null, phase)).isEqualTo(Classification.of("08006", phase));
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void whatNobodyKnowsYetIsClassifiedToo(Phase phase) {
        assertThat(Classification.of("ZZ999", phase).again()).isFalse();
        assertThat(Classification.of("", phase)).isNotNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"COMMIT", "AUTOCOMMIT"})
    void whatMayHaveHappenedIsNeverDoneAgain(Phase phase) throws IOException {
        for (String sqlState : Files.readAllLines(RESOURCES.resolve("sqlstates.txt"))) {
            Classification found = Classification.of(sqlState, phase);
            boolean unknown = found.verdict() == Verdict.COMMIT_UNKNOWN || found.verdict() == Verdict.STATEMENT_UNKNOWN;
            assertThat(found.again() && unknown).as(sqlState).isFalse();
        }
    }
}
