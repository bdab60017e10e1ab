package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BoundedCacheTest {

    private final BoundedCache<Integer, String> cache = new BoundedCache<>(8);
    private final AtomicInteger computed = new AtomicInteger();

    @Test
    void neverHoldsMoreThanItsSize() {
        for (int key = 0; key < 1_000; key++) {
            get(key);
            assertThat(cache.size()).isLessThanOrEqualTo(8);
        }
    }

    @Test
    void keepsWhatIsAskedForAllTheTime() {
        for (int key = 1; key < 1_000; key++) {
            get(0);
            get(key);
        }

        assertThat(computed).hasValue(1_000);
    }

    @Test
    void forgetsWhatIsNotAskedFor() {
        for (int key = 0; key <= 8; key++) {
            get(key);
        }
        computed.set(0);

        get(0);

        assertThat(computed).hasValue(1);
    }

    private void get(int key) {
        assertThat(cache.get(key, k -> {
                    computed.incrementAndGet();
                    return "v" + k;
                }))
                .isEqualTo("v" + key);
    }
}
