package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Compares with libpq 18: the strings of the table and random ones, each difference excused by a stated rule or a failure. */
class LibpqDifferentialTest {

    private static final long SEED = 20261121;
    private static final int STRINGS = System.getProperty("scale", "commit").equals("commit") ? 2_000 : 20_000;

    private static LibpqExpectation libpq;

    private final Map<StatedRule, Integer> excused = new EnumMap<>(StatedRule.class);
    private final List<String> differences = new ArrayList<>();
    private int agreed;
    private int read;

    @BeforeAll
    static void load() {
        libpq = new LibpqExpectation(Libpq.load());
    }

    @Test
    void readsTheTableAsLibpqDoes() throws IOException {
        ConnectionStringTest.readings()
                .map(line -> line.split(" => ", 2)[0])
                .filter(text -> text.startsWith("postgres://")
                        || text.startsWith("postgresql://")
                        || text.matches("\\s*[a-z]+\\s*=.*"))
                .forEach(this::compare);

        noDifference(40);
    }

    @Test
    void readsRandomUrisAsLibpqDoes() {
        RandomLibpqStrings random = new RandomLibpqStrings(SEED);
        Stream.generate(random::uri).limit(STRINGS).forEach(this::compare);

        noDifference(STRINGS / 20);
    }

    @Test
    void readsRandomKeywordsAsLibpqDoes() {
        RandomLibpqStrings random = new RandomLibpqStrings(SEED);
        Stream.generate(random::keywords).limit(STRINGS).forEach(this::compare);

        noDifference(STRINGS / 20);
    }

    @Test
    void everyExcuseIsARuleOfTheReference() throws IOException {
        String page = Files.readString(Path.of("docs/reference/connection-strings.md"));

        for (StatedRule rule : StatedRule.values()) {
            assertThat(page).as(rule.toString()).contains("\n" + rule.number + ". ");
        }
    }

    private void compare(String text) {
        LibpqExpectation.Reading theirs = libpq.of(text);
        String told;
        InvalidConnectionStringException refusal = null;
        try {
            ConnectionString ours = ConnectionString.parse(text);
            told = LibpqExpectation.told(ours);
            if (!ours.options().keySet().stream().allMatch(LibpqExpectation::isLibpqs)) {
                excuse(StatedRule.DRIVER_SETTINGS);
                return;
            }
            String again = libpq.of(ours.toUri()).told();
            if (!again.equals(told)) {
                differences.add(text + "\n   ours  " + told + "\n   as libpq reads its canonical URI  " + again);
            }
        } catch (InvalidConnectionStringException refused) {
            refusal = refused;
            told = LibpqExpectation.REFUSED;
        }
        if (told.equals(theirs.told())) {
            agreed++;
            read += refusal == null ? 1 : 0;
            theirs.rule().ifPresent(this::excuse);
            return;
        }
        var rule = StatedRule.excusing(text, theirs, refusal);
        if (rule.isPresent()) {
            excuse(rule.get());
        } else {
            differences.add(text + "\n   ours  " + (refusal == null ? told : refusal.getMessage()) + "\n   libpq "
                    + theirs.told());
        }
    }

    private void excuse(StatedRule rule) {
        excused.merge(rule, 1, Integer::sum);
    }

    private void noDifference(int leastRead) {
        System.out.printf("libpq: %d alike, %d of them read; by a stated rule %s%n", agreed, read, excused);
        assertThat(differences.stream().limit(20))
                .as("%d differences that no rule states", differences.size())
                .isEmpty();
        assertThat(read).isGreaterThan(leastRead);
    }
}
