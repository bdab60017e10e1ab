package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Decides when the pool connects: up to {@code size} as many connections side by side as callers wait for, but one at first and after each
 * success twice as many, since a server may have fewer places than the pool; beyond {@code size} one at a time.
 *
 * <p>After a failure, and before the first success, one attempt at a time is made, and after each there is a random pause of 100 to 300 ms,
 * or 500 ms where the server has no place left. An attempt that hangs holds up the next for 300 ms, or longer where connects take longer: up to three more are then
 * under way beside it, each of which has as long as a sign of life may take. Callers wait through all that until their deadlines, for a server that was there once will be
 * there again. A failure that time does not mend is theirs at once, unless there are connections that will come back. Thread-safe.
 */
final class Supply {

    /** In the Context of an attempt that must be over soon. */
    static final Object HURRIED = new Object();

    private static final long PAUSE = Duration.ofMillis(100).toNanos();
    private static final long JITTER = Duration.ofMillis(200).toNanos();
    private static final long PAUSE_WHEN_FULL = Duration.ofMillis(500).toNanos();
    private static final long PAUSE_WHEN_HOPELESS = Duration.ofSeconds(1).toNanos();
    private static final long LEAST_HANGING = Duration.ofMillis(300).toNanos();
    private static final long LEAST_PATIENCE = Duration.ofMillis(250).toNanos();
    private static final long MOST_PATIENCE = Duration.ofSeconds(1).toNanos();
    private static final int MOST_WHILE_DOWN = 4;
    private static final String TOO_MANY_CONNECTIONS = "53300";

    private final WaitingLine line;
    private final Fleet fleet;
    private final Supplier<PoolSettings> settings;
    private final Mono<Integer> connect;
    private final Runnable onConnected;
    private volatile int connecting;
    private boolean up;
    private int sideBySide = 1;
    private boolean proven;
    private long lastStart;
    private long notBefore = System.nanoTime();
    private int initial;
    private @Nullable Disposable alarm;
    private volatile long usual;
    private volatile boolean ended;
    private volatile @Nullable Throwable lastFailure;

    /**
     * Prepares to connect.
     *
     * @param connect makes one connection and puts it among the idle ones
     * @param onConnected called after each success
     */
    Supply(
            WaitingLine line,
            Fleet fleet,
            Supplier<PoolSettings> settings,
            Mono<Integer> connect,
            Runnable onConnected) {
        this.line = line;
        this.fleet = fleet;
        this.settings = settings;
        this.connect = connect;
        this.onConnected = onConnected;
        this.initial = settings.get().initialSize();
    }

    int connecting() {
        return connecting;
    }

    /** Why the last attempt failed, null when it did not. */
    @Nullable
    Throwable lastFailure() {
        return lastFailure;
    }

    /** Makes no more attempts. */
    void end() {
        ended = true;
    }

    /** Makes the next attempt alone: something speaks against the server. */
    synchronized void doubt() {
        up = false;
    }

    /** Starts the attempts that are called for; to be called whenever that may have changed. */
    void serve() {
        if (ended || isFull()) {
            return;
        }
        int patient = 0;
        int hurried = 0;
        synchronized (this) {
            while (isWanted() && mayStart(System.nanoTime())) {
                if (!up && connecting > 0) {
                    hurried++;
                } else {
                    patient++;
                }
                connecting++;
                lastStart = System.nanoTime();
            }
            if (wanted() > 0) {
                setAlarm();
            }
        }
        start(patient, connect);
        start(hurried, connect.contextWrite(context -> context.put(HURRIED, true)));
    }

    private void start(int attempts, Mono<Integer> attempt) {
        for (int i = 0; i < attempts; i++) {
            long begun = System.nanoTime();
            attempt.subscribe(made -> succeeded(System.nanoTime() - begun), this::failed);
        }
    }

    /** An attempt that is under way counts for a caller, unless it may be one of those that hang. */
    private boolean isWanted() {
        return wanted() > (up ? connecting : 0) && !isFull();
    }

    private int wanted() {
        PoolSettings now = settings.get();
        int spare = now.minIdle() == 0 ? 0 : now.minIdle() - fleet.idle();
        return Math.max(line.wanting(), Math.max(initial, spare));
    }

    /** Whether there is no place for one more. Each change of that is followed by a call of {@link #serve()}. */
    private boolean isFull() {
        return fleet.size() + connecting >= settings.get().maxSize();
    }

    private boolean mayStart(long now) {
        if (up) {
            return connecting == 0
                    || (connecting < sideBySide
                            && fleet.size() + connecting < settings.get().size());
        }
        return now - notBefore >= 0
                && (connecting == 0 || (proven && connecting < MOST_WHILE_DOWN && now - lastStart >= hanging()));
    }

    private void setAlarm() {
        long now = System.nanoTime();
        long hanging = lastStart + hanging();
        long next = connecting > 0 && hanging - notBefore > 0 ? hanging : notBefore;
        // Beside the first attempt ever there is none; its end is what comes next.
        if (connecting >= MOST_WHILE_DOWN || (connecting > 0 && !proven) || alarm != null) {
            return;
        }
        alarm = Schedulers.parallel().schedule(this::onAlarm, Math.max(0, next - now), TimeUnit.NANOSECONDS);
    }

    private void onAlarm() {
        synchronized (this) {
            alarm = null;
            if (connecting > 0 && System.nanoTime() - lastStart >= hanging()) {
                up = false;
            }
        }
        serve();
    }

    /** How long a server may take for a sign of life, and a hurried attempt: twice as long as the last connect, within bounds. */
    Duration patience() {
        return Duration.ofNanos(Math.max(LEAST_PATIENCE, Math.min(2 * usual, MOST_PATIENCE)));
    }

    /** How long an attempt is waited for before it counts as one that hangs: three times as long as the last took, within bounds. */
    private long hanging() {
        return Math.max(LEAST_HANGING, Math.min(3 * usual, MOST_PATIENCE));
    }

    private void succeeded(long took) {
        lastFailure = null;
        usual = took;
        synchronized (this) {
            connecting--;
            up = true;
            sideBySide = Math.min(2 * sideBySide, settings.get().size());
            proven = true;
            initial = Math.max(0, initial - 1);
        }
        onConnected.run();
        serve();
    }

    private void failed(Throwable failure) {
        boolean hopeless;
        synchronized (this) {
            connecting--;
            up = false;
            sideBySide = 1;
            notBefore = System.nanoTime() + pause(failure);
            proven |= isThere(failure);
            hopeless = !(proven && passes(failure)) && fleet.size() == 0 && !isHurry(failure);
        }
        if (!isHurry(failure)) {
            lastFailure = failure;
        }
        if (hopeless) {
            line.forEach(place -> place.giveUp(failure));
        }
        serve();
    }

    private static boolean isHurry(Throwable failure) {
        return failure instanceof java.util.concurrent.TimeoutException;
    }

    private static long pause(Throwable failure) {
        if (isHurry(failure)) {
            return 0;
        }
        if (failure instanceof R2dbcException answer && TOO_MANY_CONNECTIONS.equals(answer.getSqlState())) {
            return PAUSE_WHEN_FULL;
        }
        return passes(failure) ? PAUSE + ThreadLocalRandom.current().nextLong(JITTER) : PAUSE_WHEN_HOPELESS;
    }

    /** Whether a server answered, if only that it has no place or no time now. */
    private static boolean isThere(Throwable failure) {
        return failure instanceof ConnectFailedException refused
                && refused.reason() == ConnectFailedException.Reason.UNAVAILABLE;
    }

    /** Whether time may mend it. */
    private static boolean passes(Throwable failure) {
        return failure instanceof ConnectFailedException
                || failure instanceof ConnectTimeoutException
                || failure instanceof NoSuitableHostException;
    }
}
