package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.Json;
import io.r2dbc.postgresql.codec.Point;
import io.r2dbc.spi.Parameters;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.Period;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(ServerParameter.class)
class BindingsTest {

    enum Mood {
        SAD,
        HAPPY {
            @Override
            public String toString() {
                return "not the name";
            }
        }
    }

    private static final UUID ID = UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    private static final Instant NOW = Instant.parse("2026-11-21T01:02:03.456789Z");

    private static BareConnection server;

    @BeforeAll
    static void tables(BareConnection given) {
        server = given;
        server.run(
                "DROP TABLE IF EXISTS pet",
                "DROP TYPE IF EXISTS mood",
                "CREATE TYPE mood AS ENUM ('SAD', 'HAPPY')",
                "CREATE TABLE pet (id bigint, small smallint, name text, mood mood, at timestamptz, lasted interval, data jsonb)",
                "INSERT INTO pet VALUES (1, 1, 'Rex', 'SAD', now(), '1 h', '{\"a\":1}'), (2, 2, 'Tom', 'HAPPY', now(), '2 h', '{}')");
    }

    static List<Arguments> values() throws Exception {
        return List.of(
                value("text", "it's", "it's"),
                value("text", 'c', "c"),
                value("int", 42, "42"),
                value("bigint", 5_000_000_000L, "5000000000"),
                value("smallint", (short) 3, "3"),
                value("numeric", new BigDecimal("1.50"), "1.50"),
                value("float8", 0.1, "0.1"),
                value("boolean", true, "true"),
                value("uuid", ID, ID.toString()),
                value("date", LocalDate.of(2026, 2, 28), "2026-02-28"),
                value("bytea", new byte[] {1, 2}, "\\x0102"),
                value("inet", InetAddress.getByName("10.0.0.1"), "10.0.0.1/32"),
                value("jsonb", Json.of("{\"a\": 1}"), "{\"a\": 1}"),
                value("mood", Mood.HAPPY, "HAPPY"),
                value("text", Mood.HAPPY, "HAPPY"),
                value("interval", Duration.ofHours(36), "36:00:00"),
                value("interval", Duration.ofMillis(-500), "-00:00:00.5"),
                value("interval", Duration.ofSeconds(-3_661).minusMillis(1), "-01:01:01.001"),
                value("interval", Duration.ZERO, "00:00:00"),
                value("interval", Period.of(1, 2, -3), "1 year 2 mons -3 days"),
                value("int", Optional.of(7), "7"),
                value("int", Optional.empty(), "null"),
                value("int", null, "null"),
                value("int", Parameters.in(8), "8"),
                value("int[]", new int[] {1, 2}, "{1,2}"),
                value("int[]", new int[0], "{}"),
                value("bigint[]", new long[] {1}, "{1}"),
                value("smallint[]", new short[] {1}, "{1}"),
                value("float8[]", new double[] {1.5}, "{1.5}"),
                value("float4[]", new float[] {1.5f}, "{1.5}"),
                value("boolean[]", new boolean[] {true}, "{t}"),
                value("text[]", new char[] {'a'}, "{a}"),
                value("text[]", new String[] {"a,b", null, "\"\\"}, "{\"a,b\",NULL,\"\\\"\\\\\"}"),
                value("int[]", new Integer[][] {{1, 2}, {3, 4}}, "{{1,2},{3,4}}"),
                value("mood[]", new Mood[] {Mood.SAD, null}, "{SAD,NULL}"),
                value("bigint[]", List.of(1L, 2L), "{1,2}"),
                value("bigint[]", Arrays.asList(null, 2L), "{NULL,2}"),
                value("bigint[]", Arrays.asList(null, null), "{NULL,NULL}"),
                value("bigint[]", List.of(), "{}"),
                value("text[]", List.of("a", "b"), "{a,b}"),
                value("text[]", List.of('a'), "{a}"),
                value("uuid[]", List.of(ID), "{" + ID + "}"),
                value("numeric[]", List.of(new BigDecimal("1.50")), "{1.50}"),
                value("boolean[]", List.of(true), "{t}"),
                value("mood[]", List.of(Mood.SAD, Mood.HAPPY), "{SAD,HAPPY}"),
                value("interval[]", List.of(Duration.ofHours(25)), "{25:00:00}"),
                value("interval[]", List.of(Period.ofDays(25)), "{\"25 days\"}"),
                value("inet[]", List.of(InetAddress.getByName("10.0.0.1")), "{10.0.0.1}"),
                value("date[]", List.of(LocalDate.of(2026, 2, 28)), "{2026-02-28}"),
                value("bytea[]", List.of(new byte[] {1}, new byte[] {2}), "{\"\\\\x01\",\"\\\\x02\"}"),
                value("bytea[]", new byte[][] {{1}, null}, "{\"\\\\x01\",NULL}"),
                value("text[]", List.of(URI.create("http://a/?b,'c")), "{\"http://a/?b,'c\"}"),
                value("point[]", List.of(Point.of(1, 2), Point.of(3, 4)), "{\"(1,2)\",\"(3,4)\"}"),
                value("timestamptz[]", List.of(NOW), "{\"2026-11-21 01:02:03.456789+00\"}"));
    }

    @ParameterizedTest
    @MethodSource
    void values(String type, @Nullable Object value, String expected) {
        server.run("SET timezone = 'UTC'");

        assertThat(server.one(
                        "SELECT coalesce((:v::" + type + ")::text, 'null')",
                        Bindings.none().with("v", value),
                        String.class))
                .isEqualTo(expected);
    }

    @Test
    void instantIsThatMomentWhateverTheSessionsZone() {
        for (String zone : List.of("UTC", "Asia/Kolkata", "America/St_Johns")) {
            server.run("SET timezone = '" + zone + "'");
            assertThat(server.one(
                            "SELECT extract(epoch FROM :at)::numeric",
                            Bindings.none().with("at", NOW),
                            BigDecimal.class))
                    .isEqualByComparingTo("1795222923.456789");
        }
        server.run("SET timezone = 'UTC'");
    }

    @Test
    void valuesFitTheirColumnsWithoutACast() {
        server.run("DELETE FROM pet WHERE id = 3");
        Bindings bindings = Bindings.none()
                .with("id", 3L)
                .with("small", null)
                .with("name", Optional.of("Bob"))
                .with("mood", Mood.HAPPY)
                .with("at", NOW)
                .with("lasted", Duration.ofMinutes(90))
                .with("data", Json.of("{}"));

        server.query(
                "INSERT INTO pet VALUES (:id, :small, :name, :mood, :at, :lasted, :data)",
                bindings,
                RowMapper.of(Map.class));

        assertThat(server.one(
                        "SELECT mood || ' ' || lasted FROM pet WHERE id = 3 AND at = :at",
                        Bindings.none().with("at", NOW),
                        String.class))
                .isEqualTo("HAPPY 01:30:00");
        server.run("DELETE FROM pet WHERE id = 3");
    }

    @Test
    void whatIsAnIntervalIsKnownAsOneWithoutACast() {
        for (Object value : List.of(Duration.ofDays(1), Period.ofDays(1))) {
            assertThat(server.one(
                            "SELECT (timestamp '2026-01-01' + :v)::text",
                            Bindings.none().with("v", value),
                            String.class))
                    .isEqualTo("2026-01-02 00:00:00");
        }
        assertThat(server.one(
                        "SELECT pg_typeof(:v)::text",
                        Bindings.none().with("v", List.of(Period.ofDays(1))),
                        String.class))
                .isEqualTo("interval[]");
    }

    @Test
    void untypedNullTakesTheColumnsType() {
        Bindings nothing = Bindings.none().with("v", null);

        for (String column : List.of("id", "small", "name", "mood", "at", "lasted", "data")) {
            assertThat(server.one("SELECT count(*) FROM pet WHERE " + column + " = :v", nothing, Long.class))
                    .isZero();
        }
    }

    @Test
    void optionalFilterWorksWithANullOfTheColumnsType() {
        String sql = "SELECT count(*) FROM pet WHERE :id::bigint IS NULL OR id = :id";

        assertThat(server.one(sql, Bindings.none().with("id", null), Long.class))
                .isEqualTo(2);
        assertThat(server.one(sql, Bindings.none().with("id", 1L), Long.class)).isEqualTo(1);
        assertThat(server.one(
                        "SELECT count(*) FROM pet WHERE :id IS NULL OR id = :id",
                        Bindings.none().withNull("id", Long.class),
                        Long.class))
                .isEqualTo(2);
    }

    @Test
    void typedNullIsKnownToPostgresql() {
        assertThat(typeOfNull(Long.class)).isEqualTo("bigint");
        assertThat(typeOfNull(int.class)).isEqualTo("integer");
        assertThat(typeOfNull(String.class)).isEqualTo("character varying");
        assertThat(typeOfNull(Character.class)).isEqualTo("character varying");
        assertThat(typeOfNull(Duration.class)).isEqualTo("interval");
        assertThat(typeOfNull(Period.class)).isEqualTo("interval");
        assertThat(typeOfNull(Instant.class)).isEqualTo("timestamp with time zone");
        assertThat(typeOfNull(long[].class)).isEqualTo("bigint[]");
        assertThat(typeOfNull(byte[].class)).isEqualTo("bytea");
        assertThat(server.one(
                        "SELECT count(*) FROM pet WHERE mood = $1",
                        Bindings.none().withNull(1, Mood.class),
                        Long.class))
                .isZero();
    }

    private static String typeOfNull(Class<?> type) {
        return server.one("SELECT pg_typeof(:v)::text", Bindings.none().withNull("v", type), String.class);
    }

    @Test
    void emptyCollectionsFindNothingInColumnsOfAnyType() {
        for (String column : List.of("id", "small", "name", "mood", "at", "lasted", "data")) {
            assertThat(server.one(
                            "SELECT count(*) FROM pet WHERE " + column + " = ANY(:v)",
                            Bindings.none().with("v", List.of()),
                            Long.class))
                    .isZero();
            assertThat(server.one(
                            "SELECT count(*) FROM pet WHERE " + column + " <> ALL(:v)",
                            Bindings.none().with("v", List.of()),
                            Long.class))
                    .isEqualTo(2);
        }
    }

    @Test
    void collectionsFindWhatTheyHold() {
        assertThat(count("id = ANY(:v)", List.of(1L, 2L, 9L))).isEqualTo(2);
        assertThat(count("id = ANY(:v)", List.of(1, 9))).isEqualTo(1);
        assertThat(count("name = ANY(:v)", List.of("Rex"))).isEqualTo(1);
        assertThat(count("mood = ANY(:v)", List.of(Mood.HAPPY))).isEqualTo(1);
    }

    private static long count(String condition, Object value) {
        return server.one(
                "SELECT count(*) FROM pet WHERE " + condition, Bindings.none().with("v", value), Long.class);
    }

    @Test
    void aCollectionOfCollectionsIsAnArrayOfTwoDimensions() {
        assertThat(server.one(
                        "SELECT (:grid::text[])[2:2][1:2]::text",
                        Bindings.none().with("grid", List.of(List.of("a", "b"), List.of("c,", "\"d"))),
                        String.class))
                .isEqualTo("{{\"c,\",\"\\\"d\"}}");
    }

    @Test
    void emptyCollectionWithATypeCanBeUnnested() {
        assertThat(server.one(
                        "SELECT count(*) FROM unnest(:ids) id",
                        Bindings.none().with("ids", List.of(), Long.class),
                        Long.class))
                .isZero();
        assertThat(server.one(
                        "SELECT pg_typeof($1)::text", Bindings.none().with(1, List.of(), Duration.class), String.class))
                .isEqualTo("interval[]");
        assertThat(server.one(
                        "SELECT pg_typeof($1)::text", Bindings.none().with(1, List.of(), int.class), String.class))
                .isEqualTo("integer[]");
        assertThat(server.one(
                        "SELECT pg_typeof($1)::text", Bindings.none().with(1, List.of('x'), char.class), String.class))
                .isEqualTo("text[]");
    }

    @Test
    void collectionIsCopiedWhenGiven() {
        List<Long> ids = new ArrayList<>(List.of(1L));
        Bindings bindings = Bindings.none().with("v", ids);
        ids.add(2L);

        assertThat(server.one("SELECT cardinality(:v)", bindings, Integer.class))
                .isEqualTo(1);
    }

    @Test
    void lastValueOfANameWinsAndEarlierBindingsStay() {
        Bindings first = Bindings.none().with("v", 1);
        Bindings second = first.with("v", 2);

        assertThat(server.one("SELECT :v", second, Integer.class)).isEqualTo(2);
        assertThat(server.one("SELECT :v", first, Integer.class)).isEqualTo(1);
    }

    @Test
    void sameNameTwiceIsOneParameter() {
        assertThat(server.one("SELECT :v + :v", Bindings.none().with("v", 2), Integer.class))
                .isEqualTo(4);
    }

    @Test
    void literalsWithBackslashesReachTheServerAsWritten() {
        Bindings bindings = Bindings.none().with("v", "!");

        assertThat(server.one("SELECT E'it\\'s :v \\\\' || E'\\'' || :v", bindings, String.class))
                .isEqualTo("it's :v \\'!");
        assertThat(server.one("SELECT E'a'\n 'b\\':v' || :v", bindings, String.class))
                .isEqualTo("ab':v!");
        assertThat(server.one("SELECT 'a' -- :x\r || :v; -- end", bindings, String.class))
                .isEqualTo("a!");
        assertThat(server.one(
                        "SELECT (ARRAY[1,2,3])[2:3]::text || (ARRAY['x'])[:i]",
                        Bindings.none().with("i", 1),
                        String.class))
                .isEqualTo("{2,3}x");
        assertThat(server.one(
                        "SELECT '{\"a\":1}'::jsonb ? :k AND '{\"a\":1}'::jsonb ?| :ks",
                        Bindings.none().with("k", "a").with("ks", List.of("a", "b")),
                        Boolean.class))
                .isTrue();
    }

    @Test
    void namesWhatIsMissingAndWhatIsUnknown() {
        assertThatThrownBy(() -> bind("SELECT :owner, :id", Bindings.none().with("ownr", "x")))
                .isInstanceOf(StatementException.class)
                .hasMessage(
                        "the statement has no parameter :ownr, the nearest is :owner; no value was bound for :owner, :id");
        assertThatThrownBy(() -> bind("SELECT $1", Bindings.none().with(1, 1).with(2, 1)))
                .hasMessageContaining("the statement has no parameter $2");
        assertThatThrownBy(() -> bind("SELECT $1, $2", Bindings.none().with(1, 1)))
                .hasMessage("no value was bound for $2");
        assertThatThrownBy(() -> bind("SELECT 1", Bindings.none().with("id", 1)))
                .hasMessage("the statement has no parameter :id");
        assertThatThrownBy(() -> Bindings.none().with(0, 1)).hasMessage("parameters are numbered from 1, was 0");
    }

    @Test
    void namesParameterAndClassButNeverTheValue() {
        assertThatThrownBy(() -> bind("SELECT :v", Bindings.none().with("v", Locale.forLanguageTag("de-AT"))))
                .isInstanceOf(StatementException.class)
                .hasMessage("parameter :v: the driver has no PostgreSQL type for java.util.Locale")
                .hasNoCause();
        assertThatThrownBy(() -> Bindings.none().with("v", List.of(List.of(Locale.forLanguageTag("de-AT")))))
                .hasMessage("parameter :v: PostgreSQL has no type for java.util.Locale");
        assertThatThrownBy(() -> Bindings.none().with("v", List.of(4711, 4712L)))
                .hasMessage("parameter :v: all elements must be java.lang.Integer, one is java.lang.Long");
        assertThatThrownBy(() -> bind("SELECT :v", Bindings.none().withNull("v", Locale.class)))
                .hasMessage("parameter :v: the driver has no PostgreSQL type for java.util.Locale (null)");
        assertThatThrownBy(() -> Bindings.none().with("v", new ByteBuffer[1]))
                .hasMessage("parameter :v: an array of ByteBuffer is not sent, use byte[]");
        assertThat(Bindings.none().with("pin", 4711)).hasToString("Bindings[pin]");
    }

    @Test
    void driverSeesTheParametersWeSaw() {
        Random random = new Random(7);
        List<String> pieces = List.of(
                ":a",
                ":b",
                "E'it\\'s'",
                "'x'",
                "$$;:a$$",
                "-- :c\r\n",
                "/* ; /* */ */",
                "::int",
                "a[1:2]",
                "?|",
                "\":a\"",
                "(",
                ")");
        for (int i = 0; i < 500; i++) {
            StringBuilder sql = new StringBuilder("SELECT ");
            for (int piece = 0; piece < 8; piece++) {
                sql.append(pieces.get(random.nextInt(pieces.size()))).append(' ');
            }
            ParsedSql parsed = ParsedSql.parse(sql.append("; -- end").toString());

            var statement = server.statement(parsed.text());

            int count = parsed.names().size();
            for (int index = 0; index < count; index++) {
                statement.bind(index, 1);
            }
            assertThatThrownBy(() -> statement.bindNull(count, Object.class))
                    .as(sql.toString())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void offsetDateTimeKeepsItsMoment() {
        OffsetDateTime there = OffsetDateTime.parse("2026-11-21T03:02:03.456789+02:00");

        assertThat(server.one("SELECT :a = :b", Bindings.none().with("a", there).with("b", NOW), Boolean.class))
                .isTrue();
    }

    private static void bind(String sql, Bindings bindings) {
        ParsedSql parsed = ParsedSql.parse(sql);
        bindings.bindTo(server.statement(parsed.text()), parsed);
    }

    private static Arguments value(String type, @Nullable Object value, String expected) {
        return Arguments.of(type, value, expected);
    }
}
