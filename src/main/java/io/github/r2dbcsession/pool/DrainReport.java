package io.github.r2dbcsession.pool;

import java.time.Duration;
import java.util.List;

/**
 * How a database came to its close. Immutable.
 *
 * @param name the name of the database
 * @param duration how long it took
 * @param finished how many of the connections that were out at the start came back in time
 * @param refused how many callers were waiting for a connection and were sent away
 * @param cutOff who held a connection when the time was over, and lost it; those who held longest first
 */
public record DrainReport(String name, Duration duration, int finished, int refused, List<Holder> cutOff) {

    /** Copies the list. */
    public DrainReport {
        cutOff = List.copyOf(cutOff);
    }

    /** Whether all work ended by itself. */
    public boolean complete() {
        return cutOff.isEmpty();
    }
}
