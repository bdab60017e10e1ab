package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.postgresql.codec.Interval;
import io.r2dbc.postgresql.codec.Json;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(ServerParameter.class)
class ScalarMapperTest {

    enum Mood {
        SAD,
        HAPPY
    }

    private static BareConnection server;

    @BeforeAll
    static void types(BareConnection given) {
        server = given;
        server.run(
                "SET timezone = 'UTC'",
                "DROP TYPE IF EXISTS weather",
                "CREATE TYPE weather AS ENUM ('SAD', 'HAPPY', 'RAINY')");
    }

    static List<Arguments> read() throws Exception {
        return List.of(
                cell("1::int2", Short.class, (short) 1),
                cell("1::int2", Integer.class, 1),
                cell("1::int2", Long.class, 1L),
                cell("1::int2", Byte.class, (byte) 1),
                cell("2147483647", Integer.class, Integer.MAX_VALUE),
                cell("2147483647", int.class, Integer.MAX_VALUE),
                cell("-2147483648", Long.class, -2147483648L),
                cell("5::int4", Short.class, (short) 5),
                cell("5::int8", Integer.class, 5),
                cell("9223372036854775807", Long.class, Long.MAX_VALUE),
                cell("9007199254740992", Double.class, 9007199254740992d),
                cell("5::int8", BigDecimal.class, BigDecimal.valueOf(5)),
                cell("5::int8", BigInteger.class, BigInteger.valueOf(5)),
                cell("4294967295::oid", Long.class, 4294967295L),
                cell("1.50::numeric", BigDecimal.class, new BigDecimal("1.50")),
                cell("2.000::numeric", Long.class, 2L),
                cell("2.000::numeric", Integer.class, 2),
                cell("99999999999999999999::numeric", BigInteger.class, new BigInteger("99999999999999999999")),
                cell("0.1::numeric", Double.class, 0.1),
                cell("0.1::numeric", Float.class, 0.1f),
                cell("0.1::float8", Double.class, 0.1),
                cell("0.1::float8", BigDecimal.class, new BigDecimal("0.1")),
                cell("'NaN'::float8", Double.class, Double.NaN),
                cell("'-Infinity'::float8", Double.class, Double.NEGATIVE_INFINITY),
                cell("0.1::float4", Float.class, 0.1f),
                cell("0.1::float4", BigDecimal.class, new BigDecimal("0.1")),
                cell("0.5::float4", Double.class, 0.5),
                cell("0.5::float8", Float.class, 0.5f),
                cell("'NaN'::float8", Float.class, Float.NaN),
                cell("3::float8", Long.class, 3L),
                cell("true", Boolean.class, true),
                cell("true", boolean.class, true),
                cell("'it''s'", String.class, "it's"),
                cell("'x'::varchar", Character.class, 'x'),
                cell("'x'::char(1)", char.class, 'x'),
                cell("42", String.class, "42"),
                cell("1.50::numeric", String.class, "1.50"),
                cell("true", String.class, "true"),
                cell(
                        "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
                        UUID.class,
                        UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
                cell(
                        "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
                        String.class,
                        "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
                cell("'{\"a\":1}'::json", String.class, "{\"a\":1}"),
                cell("'{\"a\":1}'::jsonb", String.class, "{\"a\": 1}"),
                cell("'\\x0102'::bytea", byte[].class, new byte[] {1, 2}),
                cell("'2026-02-28'::date", LocalDate.class, LocalDate.of(2026, 2, 28)),
                cell("'23:59:59.999999'::time", LocalTime.class, LocalTime.parse("23:59:59.999999")),
                cell("'12:00+02'::timetz", OffsetTime.class, OffsetTime.parse("12:00+02:00")),
                cell("'2026-02-28 12:00'::timestamp", LocalDateTime.class, LocalDateTime.parse("2026-02-28T12:00")),
                cell(
                        "'2026-02-28 12:00Z'::timestamptz",
                        OffsetDateTime.class,
                        OffsetDateTime.parse("2026-02-28T12:00Z")),
                cell("'2026-02-28 12:00Z'::timestamptz", Instant.class, Instant.parse("2026-02-28T12:00:00Z")),
                cell("'2026-02-28 12:00Z'::timestamptz", ZonedDateTime.class, ZonedDateTime.parse("2026-02-28T12:00Z")),
                cell("'infinity'::date", LocalDate.class, LocalDate.MAX),
                cell(
                        "interval '36:00:01.5'",
                        Duration.class,
                        Duration.ofHours(36).plusMillis(1_500)),
                cell("interval '-0.5 s'", Duration.class, Duration.ofMillis(-500)),
                cell("interval '-1 h -1 min -1.001 s'", Duration.class, Duration.ofMillis(-3_661_001)),
                cell("interval '1 day'", Duration.class, Duration.ofHours(24)),
                cell("interval '1 year 2 mons 3 days'", Period.class, Period.of(1, 2, 3)),
                cell("interval '1 h'", Interval.class, Interval.of(Duration.ofHours(1))),
                cell("'HAPPY'", Mood.class, Mood.HAPPY),
                cell("'HAPPY'::weather", Mood.class, Mood.HAPPY),
                cell("'HAPPY'::weather", String.class, "HAPPY"),
                cell("'10.0.0.1'::inet", InetAddress.class, InetAddress.getByName("10.0.0.1")),
                cell("'::1'::inet", InetAddress.class, InetAddress.getByAddress(new byte[] {
                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
                })),
                cell("'10.0.0.0/8'::inet", String.class, "10.0.0.0/8"),
                cell("'10.0.0.0/8'::inet", Object.class, "10.0.0.0/8"),
                cell("'10.0.0.0/8'::cidr", Object.class, "10.0.0.0/8"),
                cell("'{}'::jsonb", Object.class, "{}"),
                cell("1::int8", Object.class, 1L),
                cell("'a'::text", Object.class, "a"),
                // arrays
                cell("ARRAY[1,2]", int[].class, new int[] {1, 2}),
                cell("ARRAY[1,2]", Integer[].class, new Integer[] {1, 2}),
                cell("ARRAY[1,NULL]", Integer[].class, new Integer[] {1, null}),
                cell("ARRAY[1,2]::int8[]", Integer[].class, new Integer[] {1, 2}),
                cell("ARRAY[1,2]::int8[]", long[].class, new long[] {1, 2}),
                cell("ARRAY[1,2]::int4[]", Long[].class, new Long[] {1L, 2L}),
                cell("ARRAY[1.5]::numeric[]", BigDecimal[].class, new BigDecimal[] {new BigDecimal("1.5")}),
                cell("'{}'::int8[]", Long[].class, new Long[0]),
                cell("ARRAY['a,b','\"']", String[].class, new String[] {"a,b", "\""}),
                cell("ARRAY[true]", boolean[].class, new boolean[] {true}),
                cell("ARRAY['a,b',NULL,'NULL']", String.class, "{\"a,b\",NULL,\"NULL\"}"),
                cell("ARRAY[['a'],['b']]::varchar[]", String.class, "{{a},{b}}"),
                cell("ARRAY[1,2]", String.class, "{1,2}"),
                cell("ARRAY[true]", String.class, "{t}"),
                cell("ARRAY['\\x01'::bytea]", String.class, "{\"\\\\x01\"}"),
                cell("ARRAY[repeat('é', 2000)]", String.class, "{" + "é".repeat(2000) + "}"),
                cell("ARRAY['SAD']::weather[]", Mood[].class, new Mood[] {Mood.SAD}),
                cell("ARRAY['SAD']::text[]", Mood[].class, new Mood[] {Mood.SAD}),
                cell("ARRAY[interval '1 h']", Duration[].class, new Duration[] {Duration.ofHours(1)}),
                cell("ARRAY['2026-02-28 12:00Z'::timestamptz]", Instant[].class, new Instant[] {
                    Instant.parse("2026-02-28T12:00:00Z")
                }),
                cell("ARRAY['\\x01'::bytea]", byte[][].class, new byte[][] {{1}}),
                cell("ARRAY[[1,2],[3,4]]", Integer[][].class, new Integer[][] {{1, 2}, {3, 4}}));
    }

    @ParameterizedTest
    @MethodSource
    void read(String expression, Class<?> type, Object expected) {
        assertThat(server.<Object>one("SELECT " + expression, objectClass(type)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ARRAY[ARRAY['a']]", "ARRAY['a']::varchar[]", "ARRAY[ARRAY[1]]"})
    void anArrayThatCannotBeReadOtherwiseIsReadAsStringAsTheErrorAdvises(String expression) {
        assertThatThrownBy(() -> server.one("SELECT " + expression, UUID[].class))
                .hasMessageContaining("read it as String");

        assertThat(server.one("SELECT " + expression, String.class)).startsWith("{");
    }

    /** Every byte alone, all of them in a cell, and more of them than a short cell has, in both of the server's forms. */
    @ParameterizedTest
    @ValueSource(strings = {"hex", "escape"})
    void aByteaIsReadInEitherForm(String form) {
        byte[] all = new byte[256 * 9];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        String sql = "SELECT decode('" + HexFormat.of().formatHex(all) + "', 'hex')";
        server.run("SET bytea_output = '" + form + "'");
        try {
            assertThat(server.one(sql, byte[].class)).isEqualTo(all);
            assertThat(server.one(sql, ByteBuffer.class)).isEqualTo(ByteBuffer.wrap(all));
            assertThat(server.<Object>one(sql, Object.class)).isEqualTo(all);
            for (byte one : Arrays.copyOf(all, 256)) {
                assertThat(server.one("SELECT '\\x%02x'::bytea".formatted(one), byte[].class))
                        .isEqualTo(new byte[] {one});
            }
            assertThat(server.one("SELECT ''::bytea", byte[].class)).isEmpty();
            assertThat(server.one("SELECT '\\x5c78'::bytea", byte[].class)).isEqualTo(new byte[] {'\\', 'x'});
            assertThat(server.one("SELECT ARRAY['\\x5c00ff2c22'::bytea, NULL, '\\x']", byte[][].class))
                    .isEqualTo(new byte[][] {{'\\', 0, -1, ',', '"'}, null, {}});
        } finally {
            server.run("RESET bytea_output");
        }
    }

    static List<Arguments> refused() {
        return List.of(
                refusal("5000000000", Integer.class, "its value does not fit without loss"),
                refusal("5000000000", int.class, "its value does not fit without loss"),
                refusal("40000", Short.class, "its value does not fit without loss"),
                refusal("128::int2", Byte.class, "its value does not fit without loss"),
                refusal("9007199254740993", Double.class, "its value does not fit without loss"),
                refusal("16777217", Float.class, "its value does not fit without loss"),
                refusal("1.5::numeric", Long.class, "its value does not fit without loss"),
                refusal("1e400::numeric", Double.class, "its value does not fit without loss"),
                refusal("1.5::float8", Long.class, "its value does not fit without loss"),
                refusal("0.1::float8", Float.class, "its value does not fit without loss"),
                refusal("'NaN'::float8", BigDecimal.class, "its value does not fit without loss"),
                refusal(
                        "'NaN'::numeric",
                        BigDecimal.class,
                        "the driver reads no java.math.BigDecimal from this value of numeric"),
                refusal("'42'", Integer.class, "its type is text: it is not a number"),
                refusal("'42'", UUID.class, "the driver reads no java.util.UUID from this value of text"),
                refusal("42", Boolean.class, "the driver reads no java.lang.Boolean"),
                refusal("'ab'", Character.class, "it holds 2 characters, not one"),
                refusal("''", Character.class, "it holds 0 characters, not one"),
                refusal("'RAINY'::weather", Mood.class, "it is none of [SAD, HAPPY]"),
                refusal("now()::timestamp", Instant.class, "a zone or a part would have to be guessed"),
                refusal("now()", LocalDate.class, "a zone or a part would have to be guessed"),
                refusal("now()", LocalDateTime.class, "a zone or a part would have to be guessed"),
                refusal("'24:00'::time", LocalTime.class, "24:00 has no counterpart"),
                refusal("'24:00+00'::timetz", OffsetTime.class, "24:00 has no counterpart"),
                refusal("interval '1 mon'", Duration.class, "it counts months"),
                refusal("interval '1 h'", Period.class, "it counts hours or less"),
                refusal("'10.0.0.0/8'::inet", InetAddress.class, "it has a netmask"),
                refusal("'localhost'", InetAddress.class, "it is not an address in digits"),
                refusal("'cafe'", InetAddress.class, "it is not an address in digits"),
                refusal("''", InetAddress.class, "it is not an address in digits"),
                refusal("ARRAY[5000000000]", Integer[].class, "its value does not fit without loss"),
                refusal("ARRAY[5000000000]", int[].class, "its value does not fit without loss"),
                refusal("ARRAY[[1]]::int8[]", Integer[][].class, "only in its own element type"),
                refusal("ARRAY[1,NULL]", int[].class, "it has a null element; read it as Integer[]"),
                refusal("ARRAY[[1,2]]", Integer[].class, "the driver reads no java.lang.Integer[]"),
                refusal("1", Integer[].class, "it is not an array"),
                refusal("ARRAY['a']", int[].class, "it is not a number"),
                refusal("ARRAY['a']", byte[][].class, "its elements are no bytea"),
                refusal("NULL::int", Integer.class, "it is null; use COALESCE"),
                refusal("1", Thread.class, "the driver reads no java.lang.Thread"));
    }

    @ParameterizedTest
    @MethodSource
    void refused(String expression, Class<?> type, String reason) {
        assertThatThrownBy(() -> server.one("SELECT " + expression + " AS cell", type))
                .isInstanceOfSatisfying(RowMappingException.class, e -> {
                    assertThat(e.column()).isEqualTo("cell");
                    assertThat(e.target()).isEqualTo(type.getTypeName());
                    assertThat(e.reason()).contains(reason);
                    assertThat(e)
                            .hasNoCause()
                            .hasMessage("column cell cannot be read as " + e.target() + ": " + e.reason());
                });
    }

    @Test
    void valueOfTheCellIsInNoMessage() {
        for (Class<?> type :
                List.of(Integer.class, LocalDate.class, UUID.class, Character.class, Mood.class, InetAddress.class)) {
            assertThatThrownBy(() -> server.one("SELECT 'SECRET'", type)).hasMessageNotContaining("SECRET");
        }
    }

    @Test
    void scalarNeedsExactlyOneColumn() {
        assertThatThrownBy(() -> server.one("SELECT 1 AS a, 2 AS b", Integer.class))
                .hasMessage("column a, b cannot be read as java.lang.Integer:"
                        + " the result must have one column, has 2; map several to a record");
    }

    @Test
    void jsonOfTheDriverIsReadToo() {
        assertThat(server.one("SELECT '[1]'::jsonb", Json.class).asString()).isEqualTo("[1]");
    }

    @SuppressWarnings("unchecked")
    private static Class<Object> objectClass(Class<?> type) {
        return (Class<Object>) type;
    }

    private static Arguments cell(String expression, Class<?> type, Object expected) {
        return Arguments.of(expression, type, expected);
    }

    private static Arguments refusal(String expression, Class<?> type, String reason) {
        return Arguments.of(expression, type, reason);
    }
}
