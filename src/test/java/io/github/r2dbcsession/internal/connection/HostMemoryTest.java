package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.internal.connection.HostMemory.Standing;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HostMemoryTest {

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
    private final HostMemory memory = new HostMemory(clock::get);

    @Test
    void whatWasOfNoUseComesLastAndWhatFailedAfterTheWrongRole() {
        memory.note("a", Standing.FAILED);
        memory.note("b", Standing.WRONG_ROLE);

        assertThat(memory.ordered(List.of("a", "b", "c", "d"))).containsExactly("c", "d", "b", "a");
    }

    @Test
    void isForgottenAfterTenSeconds() {
        memory.note("a", Standing.FAILED);
        clock.addAndGet(Duration.ofMillis(9_999).toNanos());
        assertThat(memory.standing("a")).isEqualTo(Standing.FAILED);

        clock.addAndGet(Duration.ofMillis(1).toNanos());

        assertThat(memory.standing("a")).isEqualTo(Standing.FRESH);
    }

    @Test
    void isForgottenWhenAConnectionIsMade() {
        memory.note("a", Standing.FAILED);
        memory.note("a", Standing.FRESH);

        assertThat(memory.ordered(List.of("a", "b"))).containsExactly("a", "b");
    }
}
