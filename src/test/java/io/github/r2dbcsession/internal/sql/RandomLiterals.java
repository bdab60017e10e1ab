package io.github.r2dbcsession.internal.sql;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;

/** Values of the types that most columns have, as PostgreSQL takes them: edges first, then any. */
final class RandomLiterals {

    private static final List<String> EDGES_OF_MOMENTS = List.of(
            "infinity",
            "-infinity",
            "4713-01-01 BC",
            "0044-03-15 12:00:00.000001 BC",
            "0001-12-31 23:59:59.999999 BC",
            "0001-01-01 00:00:00",
            "1800-01-01 00:00:00",
            "1969-12-31 23:59:59.999999",
            "1970-01-01",
            "2026-02-28 12:00:00.5",
            "2026-03-29 02:30:00",
            "9999-12-31 23:59:59.999999",
            "10000-01-01",
            "294276-12-31 00:00:00.999999");

    private static final Map<String, List<String>> EDGES = Map.ofEntries(
            Map.entry("bool", List.of("t", "f")),
            Map.entry("int2", List.of("0", "-1", "32767", "-32768", "127", "-129")),
            Map.entry("int4", List.of("0", "-1", "2147483647", "-2147483648", "32768")),
            Map.entry(
                    "int8",
                    List.of(
                            "0",
                            "-1",
                            "9223372036854775807",
                            "-9223372036854775808",
                            "999999999999999999",
                            "-999999999999999999",
                            "1000000000000000000",
                            "2147483648",
                            "9007199254740993")),
            Map.entry("oid", List.of("0", "4294967295")),
            Map.entry(
                    "float4",
                    List.of("NaN", "Infinity", "-Infinity", "-0", "0", "1e-45", "3.4028235e38", "0.1", "16777216")),
            Map.entry(
                    "float8",
                    List.of(
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "-0",
                            "5e-324",
                            "1.7976931348623157e308",
                            "0.1",
                            "0.30000000000000004",
                            "9007199254740993",
                            "1e22",
                            "1e15",
                            "123456789012345.6")),
            Map.entry(
                    "numeric",
                    List.of(
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "0",
                            "0.00",
                            "-0.10",
                            "1e1100",
                            "-1e-1020",
                            "999999999999999999",
                            "-999999999999999999",
                            "0.999999999999999999",
                            "9223372036854775808",
                            "12345678901234567890123456789.000000001")),
            Map.entry("text", List.of("", "t", "f", "NULL", "1", "NaN", "infinity", "é😀'\"\\{},()[]", " a\t\r\nb ")),
            Map.entry("varchar", List.of("", "x", "2026-01-01", "ÿ")),
            Map.entry("bpchar", List.of("", "x", "ab  ")),
            Map.entry("name", List.of("", "x y", "RED")),
            Map.entry("colour", List.of("RED", "grün")),
            Map.entry("json", List.of("null", " {\"a\" : 1e2}", "\"\\ud83d\\ude00\"", "7")),
            Map.entry("jsonb", List.of("null", "{\"a\": [1, null, \"é\"]}", "7")),
            Map.entry("uuid", List.of("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
            Map.entry("bytea", List.of("\\x", "\\x00ff275c22")),
            Map.entry("date", EDGES_OF_MOMENTS),
            Map.entry("timestamp", EDGES_OF_MOMENTS),
            Map.entry("timestamptz", EDGES_OF_MOMENTS),
            Map.entry("time", List.of("00:00", "23:59:59.999999", "24:00", "23:59:59.9999999", "00:00:00.000001")),
            Map.entry("timetz", List.of("24:00+00", "12:00+05:30", "23:59:59.999999-15:59:59")),
            Map.entry("interval", List.of("0", "1 year 2 mons -3 days 04:05:06.789", "-00:00:00.000001")),
            Map.entry("inet", List.of("10.0.0.1/8", "::1")),
            Map.entry("money", List.of("-1.5")),
            Map.entry("int4range", List.of("[1,5)", "empty")),
            Map.entry("xml", List.of("<a>é</a>")),
            Map.entry("refcursor", List.of("a cursor")),
            Map.entry("\"char\"", List.of("a", "")),
            Map.entry("varbit", List.of("", "0101")),
            Map.entry("point", List.of("(1.5,-2)")),
            Map.entry("_int4", List.of("{1,NULL,-3}", "{}")),
            Map.entry("_text", List.of("{a,NULL,\"b,\\\"\"}")),
            Map.entry("_timestamptz", List.of("{2026-02-28 12:00+02}")));

    private final Random random;
    private final Map<String, Function<RandomLiterals, String>> any = Map.ofEntries(
            Map.entry("int2", r -> "" + (short) r.wide()),
            Map.entry("int4", r -> "" + (int) r.wide()),
            Map.entry("int8", r -> "" + r.wide()),
            Map.entry("oid", r -> "" + (r.wide() & 0xffff_ffffL)),
            Map.entry("float4", r -> r.decimalOr("" + Float.intBitsToFloat((int) r.wide()), 9, 12)),
            Map.entry("float8", r -> r.decimalOr("" + Double.longBitsToDouble(r.wide()), 18, 25)),
            Map.entry("numeric", r -> r.decimal(40, 30)),
            Map.entry("text", r -> r.letters(1_400)),
            Map.entry("varchar", r -> r.letters(40)),
            Map.entry("bpchar", r -> r.letters(40)),
            Map.entry("name", r -> r.letters(20)),
            Map.entry("json", RandomLiterals::json),
            Map.entry("jsonb", RandomLiterals::json),
            Map.entry("uuid", r -> new UUID(r.wide(), r.wide()).toString()),
            Map.entry("bytea", RandomLiterals::hex),
            Map.entry("date", RandomLiterals::date),
            Map.entry("time", RandomLiterals::time),
            Map.entry("timestamp", r -> r.date().replaceFirst("( BC)?$", " " + r.time() + "$1")),
            Map.entry("timestamptz", r -> r.date().replaceFirst("( BC)?$", " " + r.time() + "$1")));

    RandomLiterals(Random random) {
        this.random = random;
    }

    static List<String> types() {
        return EDGES.keySet().stream().sorted().toList();
    }

    List<String> of(String type, int count) {
        List<String> literals = new ArrayList<>(EDGES.getOrDefault(type, List.of()));
        Function<RandomLiterals, String> more = any.get(type);
        for (int i = 0; more != null && i < count; i++) {
            literals.add(more.apply(this));
        }
        return literals;
    }

    /** Any number of bits. */
    private long wide() {
        return random.nextLong() >> random.nextInt(64);
    }

    private String decimalOr(String bits, int digits, int scale) {
        return random.nextBoolean() ? bits : decimal(digits, scale);
    }

    private String decimal(int digits, int scale) {
        BigInteger unscaled = new BigInteger(1 + random.nextInt(digits * 3), random);
        BigDecimal decimal = new BigDecimal(unscaled, random.nextInt(scale));
        return (random.nextBoolean() ? decimal : decimal.negate()).toPlainString();
    }

    private String letters(int most) {
        String alphabet = "abcXYZ019 _.,:;-+'\"\\{}()éß€😀\u0001\u007f\uffff";
        return random.ints(random.nextInt(most), 0, alphabet.codePointCount(0, alphabet.length()))
                .map(i -> alphabet.codePointAt(alphabet.offsetByCodePoints(0, i)))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private String json() {
        return "[\"" + letters(40).replaceAll("[\\\\\"\\p{Cntrl}]", "") + "\"]";
    }

    private String hex() {
        byte[] bytes = new byte[random.nextInt(700)];
        random.nextBytes(bytes);
        return "\\x" + HexFormat.of().formatHex(bytes);
    }

    private String date() {
        int kind = random.nextInt(20);
        int year = 1 + (kind == 0 ? random.nextInt(290_000) : kind < 4 ? random.nextInt(4_700) : random.nextInt(2_200));
        return String.format(
                Locale.ROOT,
                "%04d-%02d-%02d%s",
                year,
                1 + random.nextInt(12),
                1 + random.nextInt(28),
                kind == 1 ? " BC" : "");
    }

    private String time() {
        long micros = random.nextInt(86_400) * 1_000_000L;
        return LocalTime.ofNanoOfDay(1_000 * (micros + (random.nextBoolean() ? random.nextInt(1_000_000) : 0)))
                .toString();
    }
}
