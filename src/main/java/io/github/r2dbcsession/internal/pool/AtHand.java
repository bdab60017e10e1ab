package io.github.r2dbcsession.internal.pool;

import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Connections that came back with nothing to be done on them, kept for the next callers; the last to come is the first to go. For r2dbc-pool
 * they are still out: the way through it and back costs more than all else that an acquire does. Thread-safe.
 */
final class AtHand {

    private final Deque<Pooled> kept = new ConcurrentLinkedDeque<>();
    private final WaitingLine line;
    private final ServiceTime serviceTime;
    private final BooleanSupplier keeping;

    /**
     * Begins with none.
     *
     * @param keeping whether connections are kept at all
     */
    AtHand(WaitingLine line, ServiceTime serviceTime, BooleanSupplier keeping) {
        this.line = line;
        this.serviceTime = serviceTime;
        this.keeping = keeping;
    }

    /** Whether a connection that needs nothing done can be kept. */
    boolean keeps(Pooled pooled) {
        return keeping.getAsBoolean() && !serviceTime.isOver(pooled);
    }

    /** Keeps a connection that nobody has. */
    void keep(Pooled pooled) {
        kept.push(pooled);
        // One who came meanwhile either is seen here or has seen the connection.
        handOver();
    }

    /** Takes one, unless others wait for it; null where there is none. */
    @Nullable
    Pooled take() {
        while (line.wanting() == 0) {
            Pooled pooled = kept.poll();
            if (pooled == null || !serviceTime.isOver(pooled)) {
                return pooled;
            }
            pooled.giveBack().subscribe();
        }
        return null;
    }

    /** Hands them to those who wait, in their turn; to be called by each who begins to. */
    void handOver() {
        while (line.wanting() > 0) {
            Pooled pooled = kept.poll();
            if (pooled == null) {
                return;
            }
            WaitingLine.Place next = line.next();
            if (next == null) {
                kept.push(pooled);
            } else if (serviceTime.isOver(pooled) || !next.take(pooled)) {
                pooled.giveBack().subscribe();
            }
        }
    }

    /** Gives one back that is here, for its channel has closed. */
    void drop(Pooled pooled) {
        if (kept.remove(pooled)) {
            pooled.giveBack().subscribe();
        }
    }

    /** Gives all back. */
    void clear() {
        for (Pooled pooled = kept.poll(); pooled != null; pooled = kept.poll()) {
            pooled.giveBack().subscribe();
        }
    }
}
