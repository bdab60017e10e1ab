package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** One connection of a pool, with what the pool must know of it. Thread-safe. */
final class Pooled extends Placeholder implements Home {

    /** Lifetimes are cut by up to this share, so that connections made together do not end together. */
    private static final double VARIANCE = 0.2;

    private final PhysicalConnection connection;
    private final int generation;
    private final AtHand atHand;
    private final long born = System.nanoTime();
    private final double lifeShare = 1 - ThreadLocalRandom.current().nextDouble(VARIANCE);
    private @Nullable Lease lease;
    private boolean leaving;
    private volatile long answered = born;
    private volatile @Nullable Connection handle;

    /**
     * Takes a new connection in.
     *
     * @param generation the one it was made in
     * @param atHand where it may be kept between two leases
     */
    Pooled(PhysicalConnection connection, int generation, AtHand atHand) {
        this.connection = connection;
        this.generation = generation;
        this.atHand = atHand;
    }

    /** The connection that r2dbc-pool has handed out so. */
    static Pooled of(Connection handle) {
        if (handle instanceof Wrapped<?> wrapped && wrapped.unwrap() instanceof Pooled pooled) {
            pooled.handle = handle;
            return pooled;
        }
        throw new IllegalArgumentException("not a connection of the pool: " + handle.getClass());
    }

    @Override
    public boolean keeps() {
        return atHand.keeps(this);
    }

    @Override
    public void keep() {
        atHand.keep(this);
    }

    @Override
    public Mono<Void> giveBack() {
        return Mono.from(Objects.requireNonNull(handle, "handle").close());
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
        Mono<Boolean> answer = connection
                .converse("SELECT 1", statement -> {}, Result::getRowsUpdated)
                .then(Mono.fromSupplier(() -> {
                    answered = System.nanoTime();
                    return true;
                }));
        return Mono.firstWithSignal(answer, Mono.delay(limit).then(read()).thenReturn(false))
                .onErrorReturn(false);
    }

    /** Completes when what has arrived was read: a pause of this process is not the server's silence. */
    private Mono<Void> read() {
        return Mono.create(sink -> connection.executeUpToDate(sink::success));
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
