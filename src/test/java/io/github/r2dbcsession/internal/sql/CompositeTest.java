package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.RowMappingException;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.Vector;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Records as composite values, there and back. */
@ExtendWith(ServerParameter.class)
class CompositeTest {

    enum Mood {
        SAD,
        HAPPY
    }

    record Address(@Nullable String street, @Nullable Integer number) {}

    record Person(String name, @Nullable Address address, Optional<Mood> mood, List<@Nullable String> tags) {}

    record Times(
            LocalDate date,
            LocalTime time,
            OffsetTime timetz,
            LocalDateTime timestamp,
            OffsetDateTime timestamptz,
            Instant instant,
            Duration duration,
            Period period) {}

    @SuppressWarnings("ArrayRecordComponent")
    record Others(
            boolean yes,
            short small,
            long big,
            BigDecimal exact,
            float real,
            double wide,
            UUID id,
            byte[] bytes,
            InetAddress address,
            int[] ints,
            Range<Integer> range) {}

    record Holder(int id, Address home) {}

    record Node(Node next) {}

    private static BareConnection server;

    @BeforeAll
    static void types(BareConnection given) {
        server = given;
        server.run(
                "DROP TYPE IF EXISTS person, address, humour, times, others",
                "CREATE TYPE humour AS ENUM ('SAD', 'HAPPY')",
                "CREATE TYPE address AS (street text, number int)",
                "CREATE TYPE person AS (name text, address address, mood humour, tags text[])",
                "CREATE TYPE times AS (d date, t time, tz timetz, ts timestamp, tstz timestamptz, i timestamptz, du interval, p interval)",
                "CREATE TYPE others AS (b bool, s int2, l int8, n numeric, f float4, w float8, u uuid, y bytea, a inet, i int[], r int4range)",
                "DROP TABLE IF EXISTS lodging",
                "CREATE TABLE lodging (id int, home address, guests person[])");
    }

    @Test
    void textsThatLookLikeSyntaxComeBackAsTheyWere() {
        for (String text : List.of("", " ", "a,b", "(\"x\")", "it's", "\\", "\"", "NULL", "null", "{}", "é😀\n")) {
            Address address = new Address(text, null);
            assertThat(there(address, "address", Address.class)).isEqualTo(address);
            Person person = new Person(text, address, Optional.of(Mood.HAPPY), Arrays.asList(text, null, "NULL"));
            assertThat(there(person, "person", Person.class)).isEqualTo(person);
        }
        Person bare = new Person("x", null, Optional.empty(), List.of());
        assertThat(there(bare, "person", Person.class)).isEqualTo(bare);
    }

    @Test
    void everyKindOfTimeComesBackInAnyZone() {
        for (LocalDate day : List.of(LocalDate.of(2026, 2, 28), LocalDate.of(-43, 3, 15), LocalDate.of(12_026, 1, 1))) {
            LocalDateTime noon = day.atTime(12, 0, 0, 1_000);
            OffsetDateTime moment = noon.atOffset(java.time.ZoneOffset.UTC);
            Times times = new Times(
                    day,
                    LocalTime.of(0, 0),
                    OffsetTime.parse("12:00:01.5+05:45"),
                    noon,
                    moment,
                    moment.toInstant(),
                    Duration.ofSeconds(-90, 1_000),
                    Period.of(1, 2, -3));
            server.run("SET timezone = 'UTC'");
            assertThat(there(times, "times", Times.class)).isEqualTo(times);
            server.run("SET timezone = 'America/St_Johns'");
            assertThat(there(times, "times", Times.class).instant()).isEqualTo(times.instant());
        }
        server.run("SET timezone = 'UTC'");
        Times ends = new Times(
                LocalDate.MAX,
                LocalTime.of(1, 0),
                OffsetTime.parse("01:00Z"),
                LocalDateTime.MIN,
                OffsetDateTime.MAX,
                Instant.MIN,
                Duration.ZERO,
                Period.ZERO);
        assertThat(there(ends, "times", Times.class)).isEqualTo(ends);
        assertThat(server.one("SELECT (:v::times).i::text", Bindings.none().with("v", ends), String.class))
                .isEqualTo("-infinity");
    }

    @Test
    void everyOtherKindComesBack() throws Exception {
        Others others = new Others(
                true,
                Short.MIN_VALUE,
                Long.MAX_VALUE,
                new BigDecimal("-1.50"),
                Float.MIN_VALUE,
                Double.NEGATIVE_INFINITY,
                new UUID(1, 2),
                new byte[] {0, -1},
                InetAddress.getByName("10.0.0.1"),
                new int[] {1, 2},
                Range.of(1, 5));

        Others back = there(others, "others", Others.class);

        assertThat(back).usingRecursiveComparison().isEqualTo(others);
    }

    @Test
    void compositesFitTheirColumnsWithoutACast() {
        server.run("DELETE FROM lodging");
        Address home = new Address("Elm", 7);
        List<Person> guests = List.of(new Person("Ann", home, Optional.empty(), List.of("a")));
        server.query(
                "INSERT INTO lodging VALUES (:id, :home, :guests)",
                Bindings.none().with("id", 1).with("home", home).with("guests", guests),
                RowMapper.of(Integer.class));

        record Lodging(int id, Address home, List<Person> guests) {}
        assertThat(server.one(
                        "SELECT * FROM lodging WHERE home = :home::address",
                        Bindings.none().with("home", home),
                        Lodging.class))
                .isEqualTo(new Lodging(1, home, guests));
        assertThat(server.one(
                        "SELECT count(*) FROM unnest(:people::person[]) p WHERE p.name = 'Ann'",
                        Bindings.none().with("people", guests.toArray(Person[]::new)),
                        Long.class))
                .isEqualTo(1);
    }

    @Test
    void aRecordInsideARecordIsReadFromAPrefixOrFromAComposite() {
        Holder expected = new Holder(1, new Address("Elm", 7));

        assertThat(server.one("SELECT 1 AS id, 'Elm' AS home_street, 7 AS home_number", Holder.class))
                .isEqualTo(expected);
        assertThatThrownBy(() -> server.one("SELECT ROW('Elm', 7)::address AS home", Address.class))
                .isInstanceOf(RowMappingException.class)
                .hasMessageEndingWith(
                        "it has, unused: home; a record that is one column is read by map(row -> row.get(...))");
        assertThat(server.row("SELECT ROW('Elm', 7)::address AS home", row -> row.get(0, Address.class)))
                .isEqualTo(new Address("Elm", 7));
        assertThat(server.one("SELECT 1 AS id, ROW('Elm', 7)::address AS home", Holder.class))
                .isEqualTo(expected);
        assertThat(server.one("SELECT 1 AS id, ROW('Elm', 7) AS home", Holder.class))
                .isEqualTo(expected);
        assertThat(server.one("SELECT 1 AS id, NULL::address AS home", Holder.class))
                .isEqualTo(new Holder(1, null));
    }

    @Test
    void whatDoesNotFitIsRefusedWithoutItsValue() {
        refused("ROW('SECRET', 7, 8)", Address.class, "it has 3 fields, the record 2");
        refused("ROW('x', 'SECRET')", Address.class, "a part of it cannot be read as java.lang.Integer");
        refused("ROW('x', 5000000000)", Address.class, "a part of it cannot be read as java.lang.Integer");
        refused("ROW(ROW(1))", Node.class, "nothing of");
        assertThatThrownBy(() -> Bindings.none().with("v", new Address("SECRET\0", 1)))
                .isInstanceOf(StatementException.class)
                .hasMessage("parameter :v: it holds the character NUL, which PostgreSQL's text cannot");
        record Odd(Locale locale) {}
        assertThatThrownBy(() -> Bindings.none().with("v", new Odd(Locale.ROOT)))
                .isInstanceOf(StatementException.class)
                .hasMessage("parameter :v: PostgreSQL has no type for java.util.Locale");
    }

    private static void refused(String expression, Class<?> type, String reason) {
        assertThatThrownBy(() -> server.row("SELECT " + expression + " AS cell", row -> row.get("cell", type)))
                .isInstanceOf(RowMappingException.class)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("SECRET");
    }

    @Test
    void halfASurrogatePairIsRefusedWhereverItStands() {
        for (String text : List.of("\ud83d", "a\ude00", "\ude00\ud83d", "\ud83dx")) {
            for (Object value : List.of(text, List.of(text), new Address(text, 1), Json.ofText(text))) {
                assertThatThrownBy(() -> Bindings.none().with("v", value))
                        .hasMessage("parameter :v: it holds half of a surrogate pair, which is no character");
            }
        }
    }

    @Test
    void aVectorIsSentInItsTextForm() {
        assertThat(server.one("SELECT :v::text", Bindings.none().with("v", Vector.of(1.5f, -2f)), String.class))
                .isEqualTo("[1.5,-2.0]");
        server.run("DROP TYPE IF EXISTS stand_in", "CREATE TYPE stand_in AS ENUM ('[1,-2.5,3e-10]', '[]')");
        assertThat((float[]) server.row("SELECT '[1,-2.5,3e-10]'::stand_in", row -> row.get(0, float[].class)))
                .containsExactly(1f, -2.5f, 3e-10f);
        assertThat((float[]) server.row("SELECT '[]'::stand_in", row -> row.get(0, float[].class)))
                .isEmpty();
    }

    private static <T> T there(T value, String type, Class<T> read) {
        return read.cast(server.query(
                        "SELECT :v::" + type,
                        Bindings.none().with("v", value),
                        RowMapper.<Object>of(row -> row.get(0, read)))
                .get(0));
    }
}
