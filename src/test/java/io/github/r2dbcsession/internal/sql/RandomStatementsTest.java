package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Statements put together from fragments whose translation is known. */
class RandomStatementsTest {

    private static final int STATEMENTS = switch (System.getProperty("scale", "commit")) {
        case "nightly" -> 1_000_000;
        case "weekly" -> 10_000_000;
        default -> 20_000;
    };

    /** Left alone wherever they stand. */
    private static final List<String> OPAQUE = List.of(
            "SELECT",
            "x",
            "foo_bar",
            "a$1b",
            "größe",
            "42",
            "1.5e-3",
            "0x1F",
            ",",
            "(",
            ")",
            "+",
            "=",
            "<>",
            "->>",
            "@>",
            "?",
            "?|",
            "?&",
            "::int",
            "x::text",
            "a := 1",
            "a[1:2]",
            "a[lo:hi]",
            "a[1:2][3:4]",
            "f(x => 1)",
            "''",
            "':a $1 ; -- \" /*'",
            "'it''s :a'",
            "'back\\'",
            "U&'\\0061 :a'",
            "B'01'",
            "\":a $2 '\"",
            "\"x\"\":b\"",
            "U&\":a\"",
            "$$:a ' ; \" -- $1$$",
            "$tag$:a $$ $1$tag$",
            "$_$ /* $_$",
            "/* :a ' \" $$ */",
            "/* a /* :b */ $1 */",
            "/**/",
            "-- :a ' $$ /*\n",
            "--\n",
            "E'\\\\' x",
            "e'a\\nb' x",
            "E'\\\\\\\\:a' x",
            "N'x'",
            "\n",
            "\t");

    private static final List<String> NAMES = List.of("a", "b", "id", "owner_name", "_x", "A", "größe", "a1");

    private static final List<String> ESCAPED =
            List.of("E'it\\'s :a' x", "E'\\'' x", "e'\\\\\\' $1' x", "E'a'\n'\\':a' x");
    private static final List<String> UNESCAPED =
            List.of("E'it''s :a' x", "E'''' x", "e'\\\\'' $1' x", "E'a'\n''':a' x");

    private final StringBuilder sql = new StringBuilder();
    private final StringBuilder expected = new StringBuilder();
    private final List<String> names = new ArrayList<>();

    @Test
    void everyConstructIsKnownNextToEveryOther() {
        long seed = Long.getLong("seed", 20_261_121L);
        Random random = new Random(seed);
        for (int i = 0; i < STATEMENTS; i++) {
            compose(random);

            ParsedSql parsed = new SqlLexer(sql.toString()).parse();

            assertThat(parsed.text())
                    .as("seed %d, statement %d: %s", seed, i, sql)
                    .isEqualTo(expected.toString());
            assertThat(parsed.names()).isEqualTo(names);
        }
    }

    private void compose(Random random) {
        sql.setLength(0);
        expected.setLength(0);
        names.clear();
        int fragments = 1 + random.nextInt(20);
        for (int i = 0; i < fragments; i++) {
            int kind = random.nextInt(10);
            if (kind < 3) {
                String name = NAMES.get(random.nextInt(NAMES.size()));
                String cast = random.nextInt(4) == 0 ? "::int" : "";
                add(":" + name + cast, "$" + number(name) + cast);
            } else if (kind < 4) {
                int which = random.nextInt(ESCAPED.size());
                add(ESCAPED.get(which), UNESCAPED.get(which));
            } else {
                String opaque = OPAQUE.get(random.nextInt(OPAQUE.size()));
                add(opaque, opaque);
            }
        }
    }

    private int number(String name) {
        if (!names.contains(name)) {
            names.add(name);
        }
        return names.indexOf(name) + 1;
    }

    private void add(String fragment, String translated) {
        sql.append(fragment).append(' ');
        expected.append(translated).append(' ');
    }
}
