package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** What COPY writes in binary is what the server makes of the same value's text. */
@DatabaseTest
class BulkTypesIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String SCHEMA = TestDatabase.schema(BulkTypesIT.class);

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.of(server.url(BulkTypesIT.class));

    enum Mood {
        GLAD,
        SAD
    }

    @SuppressWarnings("ArrayRecordComponent")
    record Everything(
            int id,
            @Nullable Boolean bool,
            short int2,
            Integer int4,
            long int8,
            int small,
            float float4,
            double float8,
            String text,
            String varchar,
            @Nullable String json,
            String jsonb,
            String mood,
            Mood feeling,
            UUID uuid,
            byte[] bytea,
            LocalDate date,
            LocalTime time,
            LocalDateTime timestamp,
            Instant timestamptz,
            OffsetDateTime offset,
            Duration interval,
            String named) {}

    record Amount(int id, BigDecimal value, String text) {}

    record Whole(int id, BigInteger value) {}

    @AfterEach
    void close() {
        db.close().block(LIMIT);
    }

    @Test
    void everyTypeArrivesAsItsTextDoes() {
        server.execute("""
                CREATE TYPE %1$s.mood AS ENUM ('GLAD', 'SAD'); CREATE DOMAIN %1$s.named AS text CHECK (value <> '');
                CREATE TABLE %1$s.everything (id int, bool bool, int2 int2, int4 int4, int8 int8, small int2, float4 float4, float8 float8, text text,
                varchar varchar(40), json json, jsonb jsonb, mood %1$s.mood, feeling %1$s.mood, uuid uuid, bytea bytea, date date, time time, timestamp timestamp,
                timestamptz timestamptz, "offset" timestamptz, interval interval, named %1$s.named)""".formatted(SCHEMA));
        Flux<Everything> rows = Flux.range(0, 6).map(BulkTypesIT::everything);
        Bulk<Everything> bulk = db.bulk("everything", Everything.class);

        bulk.insert(rows).block(LIMIT);
        List<String> byText = everything();
        server.execute("TRUNCATE " + SCHEMA + ".everything");
        bulk.copy(rows).block(LIMIT);

        assertThat(byText).hasSize(6).anyMatch(row -> row.contains("infinity"));
        assertThat(everything()).isEqualTo(byText);
    }

    @Test
    void aNumericArrivesDigitForDigit() {
        server.execute("CREATE TABLE %s.number (id int, value numeric, text text)".formatted(SCHEMA));
        server.execute("CREATE TABLE %s.whole (id int, value numeric)".formatted(SCHEMA));
        long seed = System.nanoTime();
        System.out.println("BulkTypesIT seed " + seed);
        Random random = new Random(seed);
        List<BigDecimal> values = new ArrayList<>(List.of(
                BigDecimal.ZERO,
                new BigDecimal("0.00"),
                new BigDecimal("1E+30"),
                new BigDecimal("1E-30"),
                new BigDecimal("9999"),
                new BigDecimal("10000"),
                new BigDecimal("-0.0001"),
                new BigDecimal("10000.0001"),
                BigDecimal.valueOf(Long.MAX_VALUE),
                BigDecimal.valueOf(Long.MIN_VALUE, 3)));
        for (int i = 0; i < 2_000; i++) {
            values.add(new BigDecimal(new BigInteger(random.nextInt(200), random), random.nextInt(60) - 10)
                    .multiply(random.nextBoolean() ? BigDecimal.ONE : BigDecimal.ONE.negate()));
        }

        db.bulk("number", Amount.class)
                .copy(Flux.fromStream(IntStream.range(0, values.size())
                        .mapToObj(
                                i -> new Amount(i, values.get(i), values.get(i).toPlainString()))))
                .block(LIMIT);
        db.bulk("whole", Whole.class)
                .copy(Flux.just(new Whole(1, BigInteger.TWO.pow(100))))
                .block(LIMIT);

        assertThat(server.query(
                        "SELECT text, value::text FROM %s.number WHERE text <> value::text".formatted(SCHEMA),
                        row -> row.getString(1) + " became " + row.getString(2)))
                .isEmpty();
        assertThat(server.query("SELECT count(*) FROM " + SCHEMA + ".number", row -> row.getInt(1)))
                .containsExactly(values.size());
        assertThat(server.query("SELECT value = 2 ^ 100::numeric FROM " + SCHEMA + ".whole", row -> row.getBoolean(1)))
                .containsExactly(true);
    }

    private static Everything everything(int i) {
        LocalDate date =
                i == 1 ? LocalDate.MAX : i == 2 ? LocalDate.of(-44, 3, 15) : LocalDate.of(1999, 12, 28 + i % 3);
        Instant instant = i == 1
                ? Instant.parse("0001-02-03T04:05:06Z")
                : Instant.parse("1999-12-31T23:59:59.123456Z").plusSeconds(i);
        return new Everything(
                i,
                i == 0 ? null : i % 2 == 0,
                (short) (i == 1 ? Short.MIN_VALUE : i),
                i == 1 ? Integer.MIN_VALUE : i,
                i == 1 ? Long.MAX_VALUE : -i,
                i - 3,
                i == 1 ? Float.NaN : i / 3f,
                i == 1 ? Double.NEGATIVE_INFINITY : i / 3d,
                "t\u00e4xt '\"\\ \t\n " + i,
                "",
                i == 0 ? null : "{\"a\" : [" + i + "]}",
                "{\"b\":  " + i + "}",
                i % 2 == 0 ? "GLAD" : "SAD",
                i % 2 == 0 ? Mood.SAD : Mood.GLAD,
                new UUID(i, -i),
                new byte[] {(byte) i, 0, -1},
                date,
                LocalTime.of(23, 59, i, 123_456_000),
                LocalDateTime.of(i == 2 ? 1 : 1900 + 50 * i, 1, 2, 3, 4, 5, 678_000),
                instant,
                instant.atOffset(ZoneOffset.ofHours(i)),
                Duration.ofSeconds(i * 1_000L - 2_500, 5_000),
                "name " + i);
    }

    private List<String> everything() {
        return server.query("SELECT e::text FROM " + SCHEMA + ".everything e ORDER BY id", row -> row.getString(1));
    }
}
