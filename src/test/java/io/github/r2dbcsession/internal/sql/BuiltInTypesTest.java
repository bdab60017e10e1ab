package io.github.r2dbcsession.internal.sql;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.Row;
import io.github.r2dbcsession.sql.RowMappingException;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.Interval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every type that the server brings, as it lists them itself, there and back: in its natural class and as text, alone and in an array. The
 * server compares.
 */
@ExtendWith(ServerParameter.class)
class BuiltInTypesTest {

    private static final Path PAGE = Path.of("docs/reference/types.md");

    private static final Map<String, List<String>> SAMPLES = Map.ofEntries(
            entry("aclitem", List.of("=r/pg_monitor")),
            entry("bit", List.of("1", "0")),
            entry("bool", List.of("t", "f")),
            entry("box", List.of("(3,4),(1,2)", "(-1e300,0),(-1e300,-5e-324)")),
            entry("bpchar", List.of("ab", "")),
            entry("bytea", List.of("\\x", "\\x00ff275c22")),
            entry("char", List.of("a", "")),
            entry("cid", List.of("4294967295")),
            entry("cidr", List.of("10.0.0.0/8", "2001:db8::/32")),
            entry("circle", List.of("<(1,2),3>")),
            entry(
                    "date",
                    List.of(
                            "2026-02-28",
                            "infinity",
                            "-infinity",
                            "4713-01-01 BC",
                            "0001-12-31 BC",
                            "0001-01-01",
                            "5874897-12-31")),
            entry("datemultirange", List.of("{[2026-01-01,2026-01-03),[2026-02-01,)}")),
            entry("daterange", List.of("[2026-01-01,)", "empty", "[-infinity,infinity]")),
            entry("float4", List.of("NaN", "Infinity", "-Infinity", "1e-45", "3.4028235e+38", "-0", "0.1")),
            entry("float8", List.of("NaN", "-Infinity", "5e-324", "1.7976931348623157e+308", "0.1", "-0")),
            entry("inet", List.of("10.0.0.1", "10.0.0.1/8", "::1", "2001:db8::1/64")),
            entry("int2", List.of("-32768", "32767")),
            entry("int2vector", List.of("1 2 3")),
            entry("int4", List.of("-2147483648", "2147483647")),
            entry("int4multirange", List.of("{[1,2),[5,6)}", "{}")),
            entry("int4range", List.of("[1,5)", "empty", "(,)")),
            entry("int8", List.of("-9223372036854775808", "9223372036854775807")),
            entry("int8multirange", List.of("{[1,5000000000)}")),
            entry("int8range", List.of("[1,5000000000)")),
            entry(
                    "interval",
                    List.of(
                            "1 year 2 mons 3 days 04:05:06.789",
                            "-1 mon +1 day -00:00:00.000001",
                            "178000000 years",
                            "-178000000 years",
                            "00:00")),
            entry("json", List.of(" {\"a\" : 1e2}", "null", "\"\\ud83d\\ude00\"")),
            entry("jsonb", List.of("{\"a\": [1, null, \"é\"]}", "1e400", "null")),
            entry("jsonpath", List.of("$.\"a\"[*]?(@ > 1)")),
            entry("line", List.of("{1,-2,3}")),
            entry("lseg", List.of("[(1,2),(3,4)]")),
            entry("macaddr", List.of("08:00:2b:01:02:03")),
            entry("macaddr8", List.of("08:00:2b:01:02:03:04:05")),
            entry("money", List.of("1.50", "-92233720368547758.08")),
            entry("name", List.of("x y", "")),
            entry(
                    "numeric",
                    List.of("0.00", "-0.10", "1e131071", "-1e-16383", "12345678901234567890123456789.000000001")),
            entry("nummultirange", List.of("{[1.5,2],(3,)}")),
            entry("numrange", List.of("[1.5,2]")),
            entry("oid", List.of("0", "4294967295")),
            entry("oidvector", List.of("1 4294967295")),
            entry("path", List.of("((1,2),(3,4))", "[(1,2),(3,4)]")),
            entry("pg_lsn", List.of("16/B374D848")),
            entry("pg_snapshot", List.of("10:20:10,14")),
            entry("point", List.of("(1.5,-2)")),
            entry("polygon", List.of("((1,2),(3,4),(5,6))")),
            entry("refcursor", List.of("a cursor")),
            entry("regclass", List.of("pg_type")),
            entry("regcollation", List.of("\"C\"")),
            entry("regconfig", List.of("english")),
            entry("regdatabase", List.of("template1")),
            entry("regdictionary", List.of("simple")),
            entry("regnamespace", List.of("pg_catalog")),
            entry("regoper", List.of("!!")),
            entry("regoperator", List.of("+(integer,integer)")),
            entry("regproc", List.of("now")),
            entry("regprocedure", List.of("lower(text)")),
            entry("regrole", List.of("pg_monitor")),
            entry("regtype", List.of("integer")),
            entry("text", List.of("", "é😀'\"\\{},()[]", "NULL", " a\t\r\nb ", "\u0001\uffff")),
            entry("tid", List.of("(1,2)")),
            entry("time", List.of("00:00", "23:59:59.999999")),
            entry(
                    "timestamp",
                    List.of(
                            "2026-02-28 12:00",
                            "infinity",
                            "-infinity",
                            "4713-01-01 BC",
                            "0044-03-15 12:00:00.000001 BC",
                            "294276-12-31 23:59:59.999999")),
            entry(
                    "timestamptz",
                    List.of(
                            "2026-02-28 12:00+02",
                            "1800-01-01 00:00+00",
                            "infinity",
                            "-infinity",
                            "0044-03-15 12:00:00.000001+00 BC",
                            "294276-12-31 23:59:59.999999+00")),
            entry("timetz", List.of("12:00+02", "23:59:59.999999-15:59", "00:00:00.000001+05:45:30")),
            entry("tsmultirange", List.of("{[2026-01-01,2026-01-02)}")),
            entry("tsquery", List.of("'a' & !'b'")),
            entry("tsrange", List.of("[2026-01-01,2026-01-02)")),
            entry("tstzmultirange", List.of("{[2026-01-01 00:00+00,infinity]}")),
            entry("tstzrange", List.of("[2026-01-01 00:00+00,infinity]")),
            entry("tsvector", List.of("'a':1A 'b'''")),
            entry("txid_snapshot", List.of("10:20:10,14")),
            entry("uuid", List.of("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
            entry("varbit", List.of("", "0101")),
            entry("varchar", List.of("x", "")),
            entry("xid", List.of("4294967295")),
            entry("xid8", List.of("18446744073709551615")),
            entry("xml", List.of("<a>é</a>")));

    /** PostgreSQL makes no value of these from text, nor do applications. */
    private static final Set<String> WITHOUT_INPUT = Set.of(
            "gtsvector",
            "pg_brin_bloom_summary",
            "pg_brin_minmax_multi_summary",
            "pg_dependencies",
            "pg_mcv_list",
            "pg_ndistinct",
            "pg_node_tree");

    private record ServerType(String name, boolean hasArray) {}

    private static BareConnection server;

    @BeforeAll
    static void server(BareConnection given) {
        server = given;
    }

    @Test
    void everyTypeIsListedWithItsNaturalClass() throws IOException {
        Map<String, String> listed = new TreeMap<>();
        Matcher row = Pattern.compile("^\\| `([a-z0-9_]+)` \\| (?:`([^`]+)`|—)", Pattern.MULTILINE)
                .matcher(Files.readString(PAGE));
        while (row.find()) {
            listed.put(row.group(1), String.valueOf(row.group(2)));
        }

        for (ServerType type : types()) {
            String natural = WITHOUT_INPUT.contains(type.name()) ? "null" : naturalClass(type.name());
            assertThat(listed).as("%s", PAGE).containsEntry(type.name(), natural);
        }
    }

    private static String naturalClass(String type) {
        String sample = SAMPLES.getOrDefault(type, List.of()).get(0);
        return server.one("SELECT " + literal(sample, type), Object.class)
                .getClass()
                .getSimpleName();
    }

    @Test
    void everyTypeGoesThereAndBack() {
        server.run("SET timezone = 'UTC'");
        for (ServerType type : types()) {
            if (!WITHOUT_INPUT.contains(type.name())) {
                assertThat(SAMPLES).as("a sample of every type").containsKey(type.name());
                for (String sample : SAMPLES.getOrDefault(type.name(), List.of())) {
                    thereAndBack(type, sample);
                }
            }
        }
    }

    @Test
    void momentsGoThereAndBackInEveryZone() {
        for (String zone : List.of("Asia/Kathmandu", "America/St_Johns", "Europe/Vienna")) {
            server.run("SET timezone = '" + zone + "'");
            for (String sample : SAMPLES.getOrDefault("timestamptz", List.of())) {
                thereAndBack(new ServerType("timestamptz", true), sample);
            }
        }
        server.run("SET timezone = 'UTC'");
    }

    @Test
    void intervalsInAnotherStyleAreRefusedSinceTheDriverReadsThemWrongly() {
        for (String style : List.of("iso_8601", "postgres_verbose", "sql_standard")) {
            server.run("SET intervalstyle = '" + style + "'");
            assertThatThrownBy(() -> server.one("SELECT interval '-1 mon +1 day -0.000001 s'", Interval.class))
                    .hasMessageContaining("intervalstyle");
        }
        server.run("SET intervalstyle = 'postgres'");
    }

    @Test
    void whatJavaHasNoValueForIsRefusedAndGoesAsText() {
        refusedButText("numeric", "NaN", "read it as String");
        refusedButText("numeric", "Infinity", "read it as String");
        refusedButText("time", "24:00", "24:00 has no counterpart");
        refusedButText("timetz", "24:00-15:59", "24:00 has no counterpart");
    }

    private static void refusedButText(String type, String sample, String reason) {
        String literal = literal(sample, type);
        assertThatThrownBy(() -> server.one("SELECT " + literal, Object.class))
                .isInstanceOf(RowMappingException.class)
                .hasMessageContaining(reason);
        assertThatThrownBy(() -> server.one("SELECT ARRAY[" + literal + "]", Object.class))
                .isInstanceOf(RowMappingException.class);
        assertBack(type, "text", server.one("SELECT " + literal, String.class), text(literal));
    }

    @Test
    void whatTheDriverWouldStoreAsInfinityIsRefused() {
        for (String sample : List.of("4714-11-24 BC", "4714-12-31 BC")) {
            for (String type : List.of("date", "timestamp", "timestamptz")) {
                Object value = server.one("SELECT " + literal(sample, type), Object.class);
                assertThatThrownBy(() -> Bindings.none().with("v", value))
                        .as("%s %s", type, sample)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContaining("would become infinity");
                assertThatThrownBy(() -> Bindings.none().with("v", List.of(value)))
                        .isInstanceOf(StatementException.class);
            }
        }
    }

    private static void thereAndBack(ServerType type, String sample) {
        String literal = literal(sample, type.name());
        String array = "ARRAY[" + literal + ", NULL]";
        List<String> columns = new ArrayList<>(List.of(literal, literal + "::text"));
        if (type.hasArray()) {
            columns.addAll(List.of(array, array + "::text"));
        }
        List<Object> read = new ArrayList<>();
        server.row("SELECT " + String.join(", ", columns), row -> {
            boolean boxes = type.name().equals("box");
            read.add(row.get(0, Object.class));
            read.add(row.get(0, String.class));
            read.add(row.get(1, String.class));
            if (type.hasArray()) {
                read.add(row.get(2, Object.class));
                read.add(boxes ? row.get(2, String.class) : texts(row));
                read.add(row.get(3, String.class));
            }
            return true;
        });
        for (int i = 0; i < read.size(); i += 3) {
            String name = type.name().equals("char") ? "\"char\"" : type.name();
            String sqlType = i == 0 ? name : name + "[]";
            assertBack(sqlType, "natural", read.get(i), (String) read.get(i + 2));
            assertBack(sqlType, "text", read.get(i + 1), (String) read.get(i + 2));
        }
    }

    private static Object texts(Row row) {
        return row.get(2, String[].class);
    }

    private static void assertBack(String sqlType, String as, Object value, String expected) {
        assertThat(server.one(
                        "SELECT (:v::" + sqlType + ")::text", Bindings.none().with("v", value), String.class))
                .as("%s as %s", sqlType, as)
                .isEqualTo(expected);
    }

    private static String text(String literal) {
        return server.one("SELECT " + literal + "::text", String.class);
    }

    private static String literal(String sample, String type) {
        return "'" + sample.replace("'", "''") + "'::" + (type.equals("char") ? "\"char\"" : type);
    }

    /** All but arrays, row types of tables and pseudo-types, which no column has. */
    private static List<ServerType> types() {
        return server.query("""
                SELECT typname AS name, typarray <> 0 AS has_array FROM pg_type
                WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A'
                ORDER BY typname""", Bindings.none(), RowMapper.of(ServerType.class));
    }
}
