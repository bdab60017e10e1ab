package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long things take with a server: what connects have taken lately, and how long to wait after one that failed or hangs. Not thread-safe,
 * but for what it says of the time a sign of life may take.
 */
final class Pace {

    private static final long PAUSE = Duration.ofMillis(100).toNanos();
    private static final long JITTER = Duration.ofMillis(200).toNanos();
    private static final long PAUSE_WHEN_FULL = Duration.ofMillis(500).toNanos();
    private static final long PAUSE_WHEN_HOPELESS = Duration.ofSeconds(1).toNanos();
    private static final long LEAST_HANGING = Duration.ofMillis(300).toNanos();
    private static final long LEAST_PATIENCE = Duration.ofMillis(250).toNanos();
    private static final long MOST_PATIENCE = Duration.ofSeconds(1).toNanos();
    private static final long FIRST_LONG = Duration.ofSeconds(5).toNanos();
    private static final String TOO_MANY_CONNECTIONS = "53300";

    private volatile long usual;
    private long downSince = System.nanoTime();
    private long nextLong = FIRST_LONG;

    /** A connect has succeeded. */
    void took(long nanos) {
        usual = nanos;
    }

    /** Something begins to speak against the server. */
    void goesDown() {
        downSince = System.nanoTime();
        nextLong = FIRST_LONG;
    }

    /** How long a server may take for a sign of life, and a hurried attempt: twice as long as the last connect, within bounds. */
    Duration patience() {
        return Duration.ofNanos(Math.max(LEAST_PATIENCE, Math.min(2 * usual, MOST_PATIENCE)));
    }

    /** How long an attempt is waited for before it counts as one that hangs: three times as long as the last took, within bounds. */
    long hanging() {
        return Math.max(LEAST_HANGING, Math.min(3 * usual, MOST_PATIENCE));
    }

    /**
     * How long an attempt that hears nothing keeps a place that another could have. Now and then one keeps it for longer, for the server may have become slow:
     * after 5 s of trouble, and whenever there has been twice as much, one for a quarter of that time.
     */
    Duration tenure() {
        long down = System.nanoTime() - downSince;
        if (down < nextLong) {
            return Duration.ofNanos(hanging());
        }
        nextLong = 2 * down;
        return Duration.ofNanos(Math.max(hanging(), down / 4));
    }

    /** How long to wait after a failure. */
    static long pause(Throwable failure) {
        if (failure instanceof R2dbcException answer && TOO_MANY_CONNECTIONS.equals(answer.getSqlState())) {
            return PAUSE_WHEN_FULL;
        }
        return passes(failure) ? PAUSE + ThreadLocalRandom.current().nextLong(JITTER) : PAUSE_WHEN_HOPELESS;
    }

    /** Whether a server answered, if only that it has no place or no time now. */
    static boolean isThere(Throwable failure) {
        return failure instanceof ConnectFailedException refused
                && refused.reason() == ConnectFailedException.Reason.UNAVAILABLE;
    }

    /** Whether time may mend it. */
    static boolean passes(Throwable failure) {
        return failure instanceof ConnectFailedException
                || failure instanceof ConnectTimeoutException
                || failure instanceof NoSuitableHostException;
    }
}
