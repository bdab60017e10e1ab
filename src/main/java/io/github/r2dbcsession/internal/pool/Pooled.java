package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** One connection of a pool, with what the pool must know of it. Thread-safe. */
final class Pooled extends Placeholder {

    /** Lifetimes are cut by up to this share, so that connections made together do not end together. */
    private static final double VARIANCE = 0.2;

    private final PhysicalConnection connection;
    private final int generation;
    private final long born = System.nanoTime();
    private final double lifeShare = 1 - ThreadLocalRandom.current().nextDouble(VARIANCE);
    private @Nullable Lease lease;
    private boolean leaving;
    private volatile long answered = born;

    /**
     * Takes a new connection in.
     *
     * @param generation the one it was made in
     */
    Pooled(PhysicalConnection connection, int generation) {
        this.connection = connection;
        this.generation = generation;
    }

    PhysicalConnection connection() {
        return connection;
    }

    int generation() {
        return generation;
    }

    /** Lends it; false when it is about to be closed. */
    synchronized boolean lend(Lease to) {
        if (leaving || !connection.isOpen()) {
            return false;
        }
        lease = to;
        return true;
    }

    /** The lease it is out on, null while it is idle. */
    synchronized @Nullable Lease lease() {
        return isOut() ? lease : null;
    }

    /** Lets nobody have it any more, for it is about to be closed; false while it is out. */
    synchronized boolean leave() {
        if (leaving || isOut()) {
            return false;
        }
        leaving = true;
        return true;
    }

    synchronized boolean isLeaving() {
        return leaving;
    }

    /** Whether it is out on no lease and may be lent. */
    synchronized boolean isIdle() {
        return !leaving && !isOut();
    }

    /** How long nobody has used it, 0 while it is out. */
    synchronized long idleNanos() {
        Lease last = lease;
        if (last == null) {
            return System.nanoTime() - born;
        }
        return isOut() ? 0 : System.nanoTime() - last.endedAt();
    }

    /** How long ago there was the last sign of life, 0 while it is out. */
    long sinceAlive() {
        return Math.min(idleNanos(), System.nanoTime() - answered);
    }

    /** Asks for a sign of life and emits whether there was one within the limit. Never fails. */
    Mono<Boolean> probe(Duration limit) {
        return connection
                .converse("SELECT 1", statement -> {}, Result::getRowsUpdated)
                .then(Mono.fromSupplier(() -> {
                    answered = System.nanoTime();
                    return true;
                }))
                .timeout(limit)
                .onErrorReturn(false);
    }

    Duration age() {
        return Duration.ofNanos(System.nanoTime() - born);
    }

    /** Whether it has lived so long, less its share of the variance. */
    boolean isOlderThan(long nanos) {
        return System.nanoTime() - born >= nanos * lifeShare;
    }

    /** Whether a lease gave it back last, and nobody was lent it again. */
    synchronized boolean cameBack() {
        Lease last = lease;
        return last != null && last.state() != Lease.State.ACQUIRED && last.state() != Lease.State.RELEASED;
    }

    private boolean isOut() {
        Lease last = lease;
        return last != null && !last.hasEnded();
    }
}
