package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlanTest {

    @Test
    void valuesAreMaskedAndNamesAndCostsStay() {
        assertThat(Plan.masked("""
                Index Scan using "it's" on t2  (cost=0.29..8.30 rows=1 width=22)
                  Index Cond: ((id = 42) AND ("it's" = 'o''hara'::text) AND (n > '-1.5'::numeric) AND (m = $1))
                  Filter: (x < 1e6)""")).isEqualTo("""
                Index Scan using "it's" on t2  (cost=0.29..8.30 rows=1 width=22)
                  Index Cond: ((id = ?) AND ("it's" = ?::text) AND (n > ?::numeric) AND (m = $1))
                  Filter: (x < ?)""");
    }

    @Test
    void aValueOverSeveralLinesHidesNoOther() {
        assertThat(Plan.masked("Filter: (a = 'one\n (cost=42)'::text)\nFilter: (b = 7)"))
                .isEqualTo("Filter: (a = ?::text)\nFilter: (b = ?)");
    }

    @Test
    void aLiteralWithoutEndHidesTheRest() {
        assertThat(Plan.masked("Filter: (a = 'one\nsecret 42")).isEqualTo("Filter: (a = ?");
    }
}
