package io.github.r2dbcsession.internal.connection;

import java.time.Duration;

/**
 * When something must be over. Immutable.
 *
 * @param end on the clock of {@link System#nanoTime()}
 */
record Deadline(long end) {

    private static final long STEP = Duration.ofMillis(10).toNanos();

    static Deadline in(Duration limit) {
        return new Deadline(System.nanoTime() + limit.toNanos());
    }

    /** The time that is left, rounded up to 10 ms: so it reads well in messages, and a limit made of it is never 0. */
    Duration left() {
        long left = end - System.nanoTime();
        return Duration.ofNanos(Math.max(1, (left + STEP - 1) / STEP) * STEP);
    }

    boolean isOver() {
        return end - System.nanoTime() <= 0;
    }

    /** Divides the time that is left: what the first of so many parts does not use is there for the others. */
    Deadline share(int parts) {
        return in(Duration.ofNanos(Math.max(0, end - System.nanoTime()) / parts));
    }
}
