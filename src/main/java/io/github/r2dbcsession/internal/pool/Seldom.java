package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.pool.PoolListener;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warnings of one kind, at most one a minute, which says how many were kept back before it. Not thread-safe. */
final class Seldom {

    private static final Logger log = LoggerFactory.getLogger(PoolListener.class);
    private static final long PAUSE = TimeUnit.MINUTES.toNanos(1);

    private long next = System.nanoTime();
    private int keptBack;

    /** Whether the next warning may be given; counts it as kept back otherwise. */
    boolean isDue() {
        boolean due = System.nanoTime() - next >= 0;
        keptBack += due ? 0 : 1;
        return due;
    }

    /** Logs a warning that is due. */
    void warn(String message) {
        log.warn("{}{}", message, keptBack == 0 ? "" : " (kept back in the last minute: " + keptBack + ")");
        keptBack = 0;
        next = System.nanoTime() + PAUSE;
    }
}
