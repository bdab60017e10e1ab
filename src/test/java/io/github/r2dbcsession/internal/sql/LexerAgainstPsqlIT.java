package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What we send means what PostgreSQL's own lexer makes of the statement. The oracle is psql, whose lexer is PostgreSQL's: it puts
 * literals where it sees {@code :name}, has the server prepare the untouched text where parameters are {@code $1}, and the server answers.
 * We bind the same values to the same text, and the answer must be the same.
 */
@ExtendWith(ServerParameter.class)
class LexerAgainstPsqlIT {

    private static final int STATEMENTS = switch (System.getProperty("scale", "commit")) {
        case "nightly" -> 20_000;
        case "weekly" -> 200_000;
        default -> 2_000;
    };

    @TempDir
    private Path folder;

    @Test
    void everyStatementMeansWhatPsqlMakesOfIt(BareConnection server) throws Exception {
        assumeTrue(System.getenv("CI") != null || hasPsql(), "psql is not installed");
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("LexerAgainstPsqlIT seed " + seed);
        RandomSelects selects = new RandomSelects(new Random(seed));
        List<RandomSelects.Select> all = new ArrayList<>();
        for (int i = 0; i < STATEMENTS; i++) {
            all.add(selects.next());
        }

        Map<Integer, String> expected = psql(all);

        for (int i = 0; i < all.size(); i++) {
            RandomSelects.Select select = all.get(i);
            String as = "seed %d, statement %d: %s".formatted(seed, i, select.sql());
            Bindings bindings = Bindings.none();
            for (Map.Entry<String, Object> value : select.values().entrySet()) {
                bindings = bindings.with(value.getKey(), value.getValue());
            }
            assertThat(expected).as("psql's answer to " + as).containsKey(i);
            assertThat(server.one(select.sql(), bindings, String.class)).as(as).isEqualTo(expected.get(i));
        }
    }

    /** Returns the answer to each statement, by its number. */
    private Map<Integer, String> psql(List<RandomSelects.Select> all) throws IOException, InterruptedException {
        StringBuilder script = new StringBuilder();
        for (int i = 0; i < all.size(); i++) {
            script.append("\\echo ").append(i).append('\n').append(all.get(i).psql());
        }
        Path file = Files.writeString(folder.resolve("statements.sql"), script);
        Path answers = folder.resolve("answers.txt");
        Path errors = folder.resolve("errors.txt");
        TestDatabase database = TestDatabase.get();
        List<String> command = new ArrayList<>(List.of("psql", "-X", "-q", "-A", "-t", "-f", file.toString()));
        RandomSelects.PSQL_VARIABLES.forEach((name, sql) -> command.addAll(List.of("-v", name + "=" + sql)));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(answers.toFile()).redirectError(errors.toFile());
        builder.environment()
                .putAll(Map.of(
                        "PGHOST", database.host(),
                        "PGPORT", Integer.toString(database.port()),
                        "PGUSER", database.user(),
                        "PGPASSWORD", database.password(),
                        "PGDATABASE", database.database(),
                        "PGCLIENTENCODING", "UTF8"));
        builder.start().waitFor();

        assertThat(Files.readString(errors)).as("the statements are valid").isEmpty();
        Map<Integer, String> answered = new HashMap<>();
        List<String> lines = Files.readAllLines(answers);
        for (int line = 0; line + 1 < lines.size(); line += 2) {
            answered.put(Integer.valueOf(lines.get(line)), lines.get(line + 1));
        }
        return answered;
    }

    private static boolean hasPsql() {
        try {
            return new ProcessBuilder("psql", "--version").start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
