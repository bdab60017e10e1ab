package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How long connections live that were made together; none of them is used. */
class PooledTest {

    private static final long AGE = 300_000_000;

    @Test
    void connectionsMadeTogetherDoNotEndTogether() {
        List<Pooled> made =
                Stream.generate(() -> new Pooled(null, 0, null)).limit(200).toList();
        while (made.get(made.size() - 1).age().toNanos() < AGE) {
            LockSupport.parkNanos(AGE / 10);
        }

        assertThat(made).allMatch(pooled -> pooled.isOlderThan(pooled.age().toNanos()));
        assertThat(made)
                .noneMatch(pooled -> pooled.isOlderThan(10 * pooled.age().toNanos()));
        long ended = made.stream()
                .filter(pooled -> pooled.isOlderThan(pooled.age().toNanos() * 10 / 9))
                .count();
        assertThat(ended).as("with up to a fifth taken off, about half").isBetween(40L, 160L);
    }
}
