package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

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

    record Pair(@Nullable String a, int b) {}

    @SuppressWarnings("ArrayRecordComponent")
    record Rich(
            int id,
            int @Nullable [] numbers,
            @Nullable List<@Nullable String> names,
            @Nullable List<List<Integer>> grid,
            @Nullable List<Mood> feelings,
            Optional<List<Pair>> pairs,
            @Nullable List<Range<LocalDate>> spans,
            byte @Nullable [][] blobs,
            @Nullable List<Json> docs,
            Instant @Nullable [] moments,
            @Nullable List<InetAddress> hosts,
            int @Nullable [] marks,
            @Nullable InetAddress host,
            @Nullable String net,
            @Nullable Range<Integer> span,
            @Nullable Json doc,
            @Nullable Pair pair) {}

    @SuppressWarnings("ArrayRecordComponent")
    record Listed(
            int id,
            int @Nullable [] numbers,
            @Nullable List<@Nullable Long> longs,
            @Nullable String @Nullable [] names,
            @Nullable List<long[]> grid,
            @Nullable List<Mood> feelings,
            byte @Nullable [][] blobs,
            @Nullable List<BigDecimal> amounts,
            Instant @Nullable [] moments,
            Optional<List<UUID>> ids,
            @Nullable List<String> docs,
            @Nullable Integer @Nullable [] few,
            boolean @Nullable [] flags,
            @Nullable List<List<List<Integer>>> cube) {}

    private static final List<String> RICH = Arrays.stream(Rich.class.getRecordComponents())
            .map(RecordComponent::getName)
            .toList();

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
    void whatTheServerReadsFromTextArrivesAsOneByOne() {
        server.execute("""
                CREATE TYPE %1$s.feeling AS ENUM ('GLAD', 'SAD'); CREATE TYPE %1$s.pair AS (a text, b int);
                CREATE DOMAIN %1$s.marks AS int[] CHECK (cardinality(value) < 5);
                CREATE TABLE %1$s.rich (id int PRIMARY KEY, numbers int[], names text[], grid int[][], feelings %1$s.feeling[], pairs %1$s.pair[],
                spans daterange[], blobs bytea[], docs jsonb[], moments timestamptz[], hosts inet[], marks %1$s.marks, host inet, net cidr, span int4range,
                doc jsonb, pair %1$s.pair)""".formatted(SCHEMA));
        List<Rich> rows = List.of(rich(1), rich(2), nothing(3));
        String sql = RICH.stream()
                .map(name -> ":" + name)
                .collect(Collectors.joining(", ", "INSERT INTO rich VALUES (", ")"))
                .replace(":net", ":net::cidr");
        for (Rich row : rows) {
            Query query = db.sql(sql);
            for (RecordComponent component : Rich.class.getRecordComponents()) {
                query = query.bind(component.getName(), value(component, row));
            }
            query.rowsUpdated().block(LIMIT);
        }
        List<String> oneByOne = rich();
        Bulk<Rich> bulk = db.bulk("rich", Rich.class).chunks(2);
        assertThat(bulk.update(Flux.fromIterable(rows).map(row -> nothing(row.id())), "id")
                        .block(LIMIT))
                .isEqualTo(3);
        assertThat(rich()).isNotEqualTo(oneByOne);

        assertThat(bulk.upsert(Flux.fromIterable(rows), "id").block(LIMIT)).isEqualTo(3);

        assertThat(oneByOne.get(0)).contains("NULL", "{}", "infinity");
        assertThat(rich()).isEqualTo(oneByOne);
        assertThat(bulk.run(
                                "DELETE FROM rich USING rows WHERE rich = rows::rich AND rich.id < 3",
                                Flux.fromIterable(rows))
                        .block(LIMIT))
                .isEqualTo(2);
    }

    @Test
    void arraysAreCopiedAsTheyAreInserted() {
        server.execute("""
                CREATE TYPE %1$s.humour AS ENUM ('GLAD', 'SAD'); CREATE DOMAIN %1$s.few AS int[] CHECK (cardinality(value) < 5);
                CREATE TABLE %1$s.listed (id int, numbers int[], longs int8[], names text[], grid int8[][], feelings %1$s.humour[], blobs bytea[],
                amounts numeric(9,2)[], moments timestamptz[], ids uuid[], docs jsonb[], few %1$s.few, flags boolean[], cube int2[])""".formatted(SCHEMA));
        Flux<Listed> rows = Flux.range(1, 4).map(BulkTypesIT::listed);
        Bulk<Listed> bulk = db.bulk("listed", Listed.class);

        bulk.insert(rows).block(LIMIT);
        List<String> inserted = listed();
        server.execute("TRUNCATE " + SCHEMA + ".listed");
        assertThat(bulk.copy(rows).block(LIMIT)).isEqualTo(4);

        assertThat(inserted.get(0)).contains("NULL", "{}", "infinity", "{{1,2},{3,4},{5,6}}");
        assertThat(listed()).isEqualTo(inserted);
        assertThat(server.query(
                        "SELECT array_lower(numbers, 1), array_ndims(cube) FROM " + SCHEMA + ".listed WHERE id = 2",
                        row -> row.getInt(1) * 10 + row.getInt(2)))
                .containsExactly(13);
    }

    @Test
    void anArrayThatPostgresHasNoSuchOfIsNamedAndNothingIsCopied() {
        record Ragged(int id, List<List<Integer>> grid) {}
        record Deep(int id, List<List<Integer>> names) {}
        server.execute("CREATE TABLE %s.ragged (id int, grid int[], names text[])".formatted(SCHEMA));
        Bulk<Ragged> bulk = db.bulk("ragged", Ragged.class);

        for (List<List<Integer>> odd : Arrays.asList(
                List.of(List.of(1), List.of(2, 3)),
                List.of(List.<Integer>of(), List.of(1)),
                Arrays.asList(null, List.of(1)),
                Arrays.asList(List.of(1), null))) {
            StepVerifier.create(bulk.copy(Flux.just(new Ragged(1, List.of(List.of(1))), new Ragged(2, odd))))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(StatementException.class)
                            .hasMessageContainingAll("row 2", "grid"))
                    .verify(LIMIT);
        }
        StepVerifier.create(db.bulk("ragged", Deep.class).copy(Flux.just(new Deep(1, List.of()))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContainingAll("names", "text[]"))
                .verify(LIMIT);

        assertThat(server.query("SELECT count(*) FROM " + SCHEMA + ".ragged", row -> row.getInt(1)))
                .containsExactly(0);
    }

    private static Listed listed(int i) {
        if (i == 4) {
            return new Listed(
                    i, null, null, null, null, null, null, null, null, Optional.empty(), null, null, null, null);
        }
        return new Listed(
                i,
                i == 1 ? new int[0] : new int[] {1, -2},
                Arrays.asList(null, (long) i, Long.MIN_VALUE),
                new String[] {"a,b", null, "NULL", "", "\"q\\ {x}", "\u00e9 '\ud83d\ude00"},
                List.of(new long[] {1, 2}, new long[] {3, 4}, new long[] {5, i + 5L}),
                List.of(Mood.SAD, Mood.GLAD),
                new byte[][] {{1, 0, -1}, {}},
                List.of(BigDecimal.TEN, new BigDecimal("-0.05")),
                new Instant[] {Instant.parse("2026-01-02T03:04:05.678901Z"), Instant.MAX},
                Optional.of(List.of(new UUID(i, -i))),
                List.of("{\"k\": " + i + "}"),
                new Integer[] {i, null},
                new boolean[] {true, false},
                i == 3 ? List.of() : List.of(List.of(List.of(1, 2), List.of(3, i))));
    }

    private List<String> listed() {
        return server.query("SELECT l::text FROM " + SCHEMA + ".listed l ORDER BY id", row -> row.getString(1));
    }

    private static @Nullable Object value(RecordComponent component, Rich row) {
        try {
            return component.getAccessor().invoke(row);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Rich rich(int i) {
        return new Rich(
                i,
                i == 1 ? new int[0] : new int[] {1, -2},
                Arrays.asList("a,b", null, "NULL", "", "\"q\\ {x}", "\u00e9 '"),
                List.of(List.of(1, 2), List.of(3, i)),
                List.of(Mood.SAD, Mood.GLAD),
                Optional.of(List.of(new Pair("a\"),(", 1), new Pair(null, i))),
                List.of(new Range<>(LocalDate.of(2026, 1, 1), null, true, false, false)),
                new byte[][] {{1, 0, -1}, {}},
                List.of(Json.of(Map.of("k", "v\"'")), Json.of(List.of(1, 2))),
                new Instant[] {Instant.parse("2026-01-02T03:04:05.678901Z"), Instant.MAX},
                List.of(InetAddress.getLoopbackAddress()),
                new int[] {i, i},
                InetAddress.getLoopbackAddress(),
                "10.1.0.0/16",
                new Range<>(1, 5, true, false, false),
                Json.of(Map.of("a", i)),
                new Pair("x, y", i));
    }

    private static Rich nothing(int i) {
        return new Rich(
                i,
                null,
                null,
                null,
                null,
                Optional.empty(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private List<String> rich() {
        return server.query("SELECT r::text FROM " + SCHEMA + ".rich r ORDER BY id", row -> row.getString(1));
    }

    @Test
    void whatHasNoTextIsRefusedBeforeItIsSent() {
        record Odd(int id, List<Thread> numbers) {}
        record Half(int id, List<String> names) {}
        server.execute("CREATE TABLE %s.odd (id int, numbers int[], names text[])".formatted(SCHEMA));

        StepVerifier.create(db.bulk("odd", Odd.class)
                        .chunks(1)
                        .insert(Flux.just(new Odd(1, List.of()), new Odd(2, List.of(Thread.currentThread())))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContainingAll("row 2", "numbers", "java.lang.Thread"))
                .verify(LIMIT);
        StepVerifier.create(db.bulk("odd", Half.class).insert(Flux.just(new Half(1, List.of("secret \ud800")))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContainingAll("row 1", "names", "surrogate")
                        .message()
                        .doesNotContain("secret"))
                .verify(LIMIT);
        StepVerifier.create(db.bulk("odd", Odd.class).copy(Flux.just(new Odd(1, List.of()))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContainingAll("numbers", "java.lang.Thread", "integer[]", "use insert"))
                .verify(LIMIT);
        StepVerifier.create(db.bulk("odd", Half.class)
                        .copy(Flux.just(new Half(1, List.of("a")), new Half(2, List.of("secret \ud800")))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContainingAll("row 2", "names")
                        .message()
                        .doesNotContain("secret"))
                .verify(LIMIT);
        StepVerifier.create(db.bulk("odd", Half.class)
                        .chunks(1)
                        .insert(Flux.just(new Half(1, List.of("a")), new Half(2, List.of("b")))))
                .expectNext(2L)
                .expectComplete()
                .verify(LIMIT);
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
