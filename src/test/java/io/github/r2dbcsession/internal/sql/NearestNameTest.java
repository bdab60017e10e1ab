package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {

    @Test
    void findsTheNameWithOneLetterWrong() {
        assertThat(NearestName.of("ownr", List.of("id", "owner", "balance"))).contains("owner");
        assertThat(NearestName.of("BALANCE", List.of("id", "owner", "balance"))).contains("balance");
    }

    @Test
    void proposesNothingFarOff() {
        assertThat(NearestName.of("amount", List.of("id", "owner"))).isEmpty();
        assertThat(NearestName.of("amount", List.of())).isEmpty();
    }
}
