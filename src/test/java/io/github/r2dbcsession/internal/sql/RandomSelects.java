package io.github.r2dbcsession.internal.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;

/** Makes valid statements of all that a lexer can trip over, with {@code :name} or {@code $1} parameters among it. */
final class RandomSelects {

    /**
     * One statement, which answers one line.
     *
     * @param psql what psql is given
     * @param values by the name, or the number, of the parameter
     */
    record Select(String sql, String psql, Map<String, Object> values) {}

    private static final Map<String, String> TEXTS =
            Map.of("a", "it's :b", "b", "$1 \\ \" -- /*", "größe", "Ünï;$$", "_x1", "");
    private static final Map<String, Integer> NUMBERS = Map.of("i", 1, "j", 2);

    /** The same values as psql puts them in. */
    static final Map<String, String> PSQL_VARIABLES = variables();

    private static final List<String> STRINGS = List.of(
            "a", ":a", " ", "$1", "''", "\"", "\\", "--", "/*", "*/", "$$", ";", "::int", "\n", "?", "é", "E", "(",
            "😀");
    private static final List<String> ESCAPES = List.of(
            "a", ":a", "$1", "''", "\\'", "\\\\", "\\n", "\\x41", "\\101", "\\u00e9", "\"", "--", "/*", "$$", ";",
            "\n");
    private static final List<String> UNICODE = List.of("a", ":a", "$1", "''", "\\0061", "\\+01F600", "--", "$$", ";");
    private static final List<String> QUOTED =
            List.of("a", ":a", "$1", "\"\"", "'", "\\", "--", "/*", "$$", ";", " ", "é");
    private static final List<String> NOISE = List.of(
            "",
            "",
            " ",
            "\n",
            "\t",
            "\f",
            "\r\n",
            "/* :a */",
            "/* ' \" */",
            "/* a /* :b */ $1 ; */",
            "/**/",
            "-- :a ' $$ \" /* ;\n",
            "--\n",
            "-- $1\r");
    private static final List<String> FIXED = List.of(
            "B'01'",
            "X'1F'",
            "N'n:a'",
            "1.5e-3",
            ".5",
            "(SELECT a$1 FROM (SELECT 7 AS a$1) q)",
            "(ARRAY[1,2,3])[1:2]",
            "(ARRAY[1,2,3])[:2]",
            "(ARRAY[1,2,3])[2:]",
            "(ARRAY[[1,2],[3,4]])[1:2][2:2]",
            "(SELECT x[lo:hi] FROM (SELECT ARRAY[1,2,3] x, 1 lo, 2 hi) q)",
            "(SELECT x[\"l:a\":hi] FROM (SELECT ARRAY[1,2,3] x, 1 \"l:a\", 2 hi) q)",
            "'{\"a\":1}'::jsonb ? 'a'",
            "'{\"a\":1}'::jsonb @? '$.a'",
            "'{\"a\":1}'::jsonb ->> 'a'",
            "make_interval(hours => 2)",
            "make_interval(hours := 2)",
            "1+/* :a */2",
            "5*/**/3",
            "5-/* -- */3",
            "5 -- :a ' $$\n-3",
            "'a'\n'b'",
            "'a' -- :b '\n  ':a'",
            // psql reads line by line, and so cannot judge a string that goes on with an escaped quote
            "E'\\''\n':a'",
            "5 % 3",
            "'a' ~ '^:a?$'",
            "CASE WHEN true THEN 'x' END",
            "current_date::date IS NULL");

    private final Random random;
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();
    private boolean positional;

    RandomSelects(Random random) {
        this.random = random;
    }

    Select next() {
        values.clear();
        names.clear();
        positional = random.nextInt(4) == 0;
        StringJoiner items = new StringJoiner(",");
        for (int i = random.nextInt(6); i >= 0; i--) {
            items.add(noise() + "(" + noise() + item() + noise() + ")" + noise() + "::" + noise() + "text" + noise());
        }
        String sql =
                noise() + "SELECT" + " " + noise() + "json_build_array(" + items + ")" + noise() + "::text" + noise();
        String ended = random.nextBoolean() ? sql : sql + ";" + noise();
        return new Select(ended, positional ? prepared(sql) : sql + "\n;\n", new LinkedHashMap<>(values));
    }

    private String prepared(String sql) {
        if (names.isEmpty()) {
            return sql + "\n;\n";
        }
        StringJoiner types = new StringJoiner(",");
        StringJoiner literals = new StringJoiner(",");
        for (String name : names) {
            types.add(TEXTS.containsKey(name) ? "text" : "int");
            literals.add(PSQL_VARIABLES.get(name));
        }
        return "PREPARE s(" + types + ") AS " + sql + "\n;\nEXECUTE s(" + literals + ");\nDEALLOCATE s;\n";
    }

    private String item() {
        return switch (random.nextInt(14)) {
            case 0 -> "'" + some(STRINGS) + "'";
            case 1 -> (random.nextBoolean() ? "E" : "e") + "'" + some(ESCAPES) + "'";
            case 2 -> "U&'" + some(UNICODE) + "'" + (random.nextBoolean() ? "" : " UESCAPE '\\'");
            case 3 -> dollarQuoted();
            case 4 -> {
                String quoted = "\"x" + some(QUOTED) + "\"";
                yield "(SELECT " + quoted + " FROM (SELECT 1 AS " + quoted + ") q)";
            }
            case 5, 6 -> one(FIXED);
            case 7 -> text();
            case 8 -> text() + gap() + "||" + gap() + text();
            case 9 -> number() + gap() + one(List.of("+", "*", "=", "<>", ">=")) + gap() + number();
            case 10 -> slice();
            case 11 -> json();
            case 12 -> "CASE WHEN " + number() + ">0 THEN" + " " + text() + " ELSE " + gap() + text() + gap() + " END";
            default -> call();
        };
    }

    private String slice() {
        String array = "(ARRAY[" + number() + "," + gap() + number() + "+1,3])";
        return array
                + switch (random.nextInt(5)) {
                    case 0 -> "[" + number() + "]";
                    case 1 -> "[" + number() + ":2]";
                    case 2 -> "[1: " + number() + "]";
                    case 3 -> "[" + number() + ": " + number() + "]";
                    default -> "[1:2][" + gap() + number() + ":2]";
                };
    }

    private String json() {
        return switch (random.nextInt(4)) {
            case 0 -> "'{\"a\":1}'::jsonb ?| ARRAY[" + text() + "," + text() + "]";
            case 1 -> "'{\"a\":1}'::jsonb ?&array['a'," + text() + "::text]";
            case 2 -> "'[1,2]'::jsonb->" + number();
            default -> "'{\"a\":1}'::jsonb ?" + " " + text();
        };
    }

    private String call() {
        return switch (random.nextInt(4)) {
            case 0 -> "make_interval(hours:=" + number() + ")";
            case 1 -> "make_interval(hours =>" + gap() + number() + ",mins=>" + number() + ")";
            case 2 -> "upper(" + text() + ")";
            default -> "-" + gap() + number() + "- -" + number() + "::int";
        };
    }

    private String dollarQuoted() {
        String tag = one(List.of("$$", "$t$", "$_1$", "$Tag$"));
        return tag + some(STRINGS).replace("$", "") + (tag.equals("$$") ? "" : "$$ $1 ") + tag;
    }

    private String text() {
        return parameter(one(List.of("a", "b", "größe", "_x1")));
    }

    private String number() {
        return parameter(one(List.of("i", "j")));
    }

    private String parameter(String name) {
        if (!names.contains(name)) {
            names.add(name);
        }
        Object value = TEXTS.containsKey(name) ? TEXTS.get(name) : NUMBERS.get(name);
        String written = positional ? Integer.toString(names.indexOf(name) + 1) : name;
        values.put(written, value);
        return (positional ? "$" : ":") + written;
    }

    private String some(List<String> pieces) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(one(pieces));
        }
        return text.toString();
    }

    private String noise() {
        return one(NOISE);
    }

    private String gap() {
        return random.nextInt(3) == 0 ? noise() : "";
    }

    private <T> T one(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static Map<String, String> variables() {
        Map<String, String> variables = new LinkedHashMap<>();
        TEXTS.forEach((name, text) -> variables.put(name, "('" + text.replace("'", "''") + "'::text)"));
        NUMBERS.forEach((name, number) -> variables.put(name, "(" + number + ")"));
        return variables;
    }
}
