package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.RowMappingException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(ServerParameter.class)
class RangeTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    record Stay(Range<Instant> during, Range<LocalDate> days, List<Range<Integer>> rooms) {}

    record Wrong(Range<Instant> during) {}

    private static BareConnection server;

    @BeforeAll
    static void server(BareConnection given) {
        server = given;
        server.run("SET timezone = 'America/St_Johns'");
    }

    @Test
    void theBoundsTellTheType() {
        assertThat(typed(Range.of(1, 5))).isEqualTo("int4range [1,5)");
        assertThat(typed(Range.closed(1L, 5L))).isEqualTo("int8range [1,6)");
        assertThat(typed(Range.from(new BigDecimal("1.5")))).isEqualTo("numrange [1.5,)");
        assertThat(typed(Range.until(BigInteger.TEN))).isEqualTo("numrange (,10)");
        assertThat(typed(Range.of(LocalDate.of(-43, 3, 15), LocalDate.MAX)))
                .isEqualTo("daterange [\"0044-03-15 BC\",infinity)");
        assertThat(typed(Range.of(LocalDateTime.parse("2026-01-01T00:00"), LocalDateTime.MAX)))
                .isEqualTo("tsrange [\"2026-01-01 00:00:00\",infinity)");
        assertThat(typed(Range.of(NOON, NOON.plusSeconds(1)))).startsWith("tstzrange [\"2026-11-21 08:30:00-03:30\"");
        assertThat(typed(List.of(Range.of(1, 5), Range.empty()))).isEqualTo("int4range[] {\"[1,5)\",empty}");
    }

    private static String typed(Object value) {
        return server.one(
                "SELECT pg_typeof(:v)::text || ' ' || :v::text", Bindings.none().with("v", value), String.class);
    }

    @Test
    void rangesWithoutBoundsTakeTheTypeThatTheStatementExpects() {
        assertThat(server.one(
                        "SELECT (int4range(1, 5) && :v)::text || int4range(1, 5) * :e::int4range",
                        Bindings.none().with("v", Range.unbounded()).with("e", Range.empty()),
                        String.class))
                .isEqualTo("trueempty");
    }

    @Test
    void rangesWorkInConditions() {
        assertThat(server.one("SELECT 3 <@ :v", Bindings.none().with("v", Range.of(1, 5)), Boolean.class))
                .isTrue();
        assertThat(server.one(
                        "SELECT :at <@ :v",
                        Bindings.none().with("at", NOON).with("v", Range.closed(NOON, NOON)),
                        Boolean.class))
                .isTrue();
    }

    @Test
    void aColumnIsReadByItsOwnTypeOrByTheComponents() {
        assertThat(server.row("SELECT '[1,5)'::int8range", row -> row.get(0, Range.class)))
                .isEqualTo(Range.of(1L, 5L));
        assertThat(server.one("SELECT '[1,5)'::int8range", Range.class)).isEqualTo(Range.of(1L, 5L));
        assertThat(server.row("SELECT 'empty'::daterange", row -> row.get(0, Range.class)))
                .isEqualTo(Range.empty());
        assertThat(server.row("SELECT '(,)'::numrange", row -> row.get(0, Range.class)))
                .isEqualTo(Range.unbounded());
        assertThat(server.row("SELECT '[2026-01-01 00:00Z,infinity]'::tstzrange", row -> row.get(0, Range.class)))
                .isEqualTo(Range.closed(OffsetDateTime.parse("2025-12-31T20:30-03:30"), OffsetDateTime.MAX));
        assertThat((Range<?>[]) server.row("SELECT ARRAY['[1,2)'::int4range]", row -> row.get(0, Range[].class)))
                .containsExactly(Range.of(1, 2));
        assertThat(server.one("""
                        SELECT '[2026-11-21 12:00Z,)'::tstzrange AS during, '[2026-01-01,2026-01-03)'::daterange AS days,
                               ARRAY['[1,2)'::int4range] AS rooms""", Stay.class))
                .isEqualTo(new Stay(
                        Range.from(NOON),
                        Range.of(LocalDate.of(2026, 1, 1), LocalDate.of(2026, 1, 3)),
                        List.of(Range.of(1, 2))));
    }

    @Test
    void aZoneIsNotGuessed() {
        assertThatThrownBy(() -> server.one("SELECT '[2026-11-21 12:00,)'::tsrange AS during", Wrong.class))
                .isInstanceOf(RowMappingException.class)
                .hasMessageContaining("cannot be read as java.time.Instant");
        assertThatThrownBy(() -> server.one("SELECT '[2026-11-21,)'::daterange AS during", Wrong.class))
                .isInstanceOf(RowMappingException.class);
        assertThatThrownBy(() -> server.row("SELECT 1 AS n", row -> row.get(0, Range.class)))
                .isInstanceOf(RowMappingException.class);
    }

    @Test
    void rangesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new Range<>(null, 1, true, false, false)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Range<>(1, 2, true, false, true)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Range.from(1).upperBound()).isEmpty();
        assertThat(Range.from(1).lowerBound()).contains(1);
    }
}
