package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.internal.connection.SignOfLife;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Schedulers;

/**
 * One attempt of a pool to connect. It can be given up whenever that is wanted, and ends at once then; a connection that comes all the same
 * is closed. Thread-safe.
 */
final class Attempt implements SignOfLife {

    private final boolean hurried;
    private final Duration patience;
    private final long start = System.nanoTime();
    private volatile long lastHeard = start;
    private final Sinks.One<PhysicalConnection> end = Sinks.one();

    /** The connection, or why there is to be none: whichever comes first decides. */
    private final AtomicReference<@Nullable Object> outcome = new AtomicReference<>();

    /**
     * Begins.
     *
     * @param hurried whether it is given up when its patience is over; another goes on unless its place is wanted
     * @param patience how long it may take, or one that is not hurried may hear nothing
     */
    Attempt(boolean hurried, Duration patience) {
        this.hurried = hurried;
        this.patience = patience;
    }

    boolean isHurried() {
        return hurried;
    }

    /** Since when, on the clock of {@link System#nanoTime()}. */
    long start() {
        return start;
    }

    @Override
    public void heard() {
        lastHeard = System.nanoTime();
    }

    /** When it will have heard nothing for as long as its patience, on the same clock. */
    long patienceEnd() {
        return lastHeard + patience.toNanos();
    }

    /** Connects in this attempt, once. The connection is the subscriber's when it is emitted; until then this answers for it. */
    Mono<PhysicalConnection> run(Mono<PhysicalConnection> connect) {
        return Mono.defer(() -> {
            Mono<PhysicalConnection> first = Mono.firstWithSignal(end.asMono(), connect.handle(this::arrive));
            if (!hurried) {
                return first;
            }
            Disposable timer = Schedulers.parallel().schedule(this::giveUp, patience.toNanos(), TimeUnit.NANOSECONDS);
            return first.doFinally(signal -> timer.dispose());
        });
    }

    private void arrive(PhysicalConnection connection, SynchronousSink<PhysicalConnection> sink) {
        if (outcome.compareAndSet(null, connection)) {
            sink.next(connection);
        } else {
            connection.kill();
            sink.error(new TimeoutException("a connection came when its attempt had been given up"));
        }
    }

    /** Ends it for the sake of another one. */
    void giveUp() {
        giveUp(new TimeoutException("given up after " + patience.toMillis() + " ms"));
    }

    /** Ends it for this reason, unless there is a connection already. */
    void giveUp(Throwable reason) {
        if (outcome.compareAndSet(null, reason)) {
            end.tryEmitError(reason);
        }
    }

    /** Whether it had to make way for another one, which says nothing about the server. */
    boolean madeWay() {
        return outcome.get() instanceof TimeoutException;
    }
}
