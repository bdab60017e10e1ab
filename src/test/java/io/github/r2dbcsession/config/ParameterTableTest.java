package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.postgresql.PGProperty;

class ParameterTableTest {

    private static final Path DOCUMENT = Path.of("docs/reference/connection-strings.md");

    @Test
    void theDocumentHoldsTheTable() throws IOException {
        List<String> documented = Files.readAllLines(DOCUMENT).stream()
                .dropWhile(line -> !line.startsWith("| family | parameter |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .toList();

        assertThat(documented)
                .containsExactlyElementsOf(ParameterTable.ROWS.stream()
                        .map(ParameterTableTest::line)
                        .toList());
    }

    private static String line(Parameter row) {
        String harmless = row.harmless().stream()
                .map(value -> value.isEmpty() ? "(empty)" : "`" + value + "`")
                .collect(Collectors.joining(", "));
        String name = row.name() == null ? "" : "`" + row.name() + "`";
        return Stream.of(
                        row.family(),
                        "`" + row.key() + "`",
                        row.ruling().toString().toLowerCase(Locale.ROOT),
                        name,
                        harmless,
                        row.note())
                .collect(Collectors.joining(" | ", "| ", " |"));
    }

    @Test
    void knowsEveryPropertyOfPgjdbc() {
        List<String> known = ParameterTable.ROWS.stream()
                .filter(row -> row.family().equals("pgjdbc"))
                .map(Parameter::key)
                .toList();

        assertThat(known)
                .containsAll(
                        Stream.of(PGProperty.values()).map(PGProperty::getName).toList());
    }

    @Test
    void mapsEveryParameterThatItMustMap() {
        assertThat(ParameterTable.ROWS)
                .filteredOn(row -> row.ruling() == Parameter.Ruling.MAP)
                .allSatisfy(row -> {
                    assertThat(row.name()).as(row.key()).isNotNull();
                    assertThat(row.value()).as(row.key()).isNotNull();
                });
    }

    @Test
    void refusesOrDropsEveryOtherParameterAsRuled() {
        for (Parameter row : ParameterTable.ROWS) {
            if (row.value() == null && row.family().equals("libpq")) {
                String string = "host=h " + row.key() + "=canary";
                if (row.ruling() == Parameter.Ruling.IGNORE) {
                    assertThat(ConnectionString.parse(string).warnings())
                            .as(row.key())
                            .singleElement()
                            .asString()
                            .startsWith(row.key() + ": ")
                            .doesNotContain("canary");
                } else {
                    assertThat(refusal(string).part()).isEqualTo(row.key());
                    assertThat(refusal(string).getMessage()).doesNotContain("canary");
                }
                for (String harmless : row.harmless()) {
                    assertThat(ConnectionString.parse("host=h " + row.key() + "='" + harmless + "'")
                                    .warnings())
                            .as(row.key())
                            .isEmpty();
                }
            }
        }
    }

    private static InvalidConnectionStringException refusal(String string) {
        try {
            throw new AssertionError("understood: " + ConnectionString.parse(string));
        } catch (InvalidConnectionStringException refused) {
            return refused;
        }
    }
}
