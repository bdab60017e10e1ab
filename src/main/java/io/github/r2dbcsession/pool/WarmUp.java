package io.github.r2dbcsession.pool;

import java.time.Duration;
import java.util.List;

/**
 * What a warm-up did. Immutable.
 *
 * @param requested how many sessions were asked for
 * @param times how long each session that was opened took, connect and one statement, in the order they were ready
 */
public record WarmUp(int requested, List<Duration> times) {

    /** Copies the times. */
    public WarmUp {
        times = List.copyOf(times);
    }

    /** How many sessions were opened. */
    public int opened() {
        return times.size();
    }
}
