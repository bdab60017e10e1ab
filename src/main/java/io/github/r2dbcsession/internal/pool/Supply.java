package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Decides when the pool connects: up to {@code size} as many connections side by side as callers wait for, but one at first and after each
 * success twice as many, since a server may have fewer places than the pool; beyond {@code size} one at a time.
 *
 * <p>After a failure, and before the first success, one attempt at a time is made, and after each there is a random pause of 100 to 300 ms,
 * or 500 ms where the server has no place left. An attempt that hangs holds up the next for 300 ms, or longer where connects take longer:
 * up to three more are then under way beside it, each of which has as long as a sign of life may take. Where the pool has no place for one
 * more, one that hears nothing makes way for it; the one that has gone on longest only where it is alone, and then now and then not so soon, for
 * a server may have become slow.
 *
 * <p>Callers wait through all that until their deadlines, for a server that was there once will be there again. A failure that time does
 * not mend is theirs at once, unless there are connections that will come back. Thread-safe.
 */
final class Supply {

    private static final int MOST_HURRIED = 3;

    private final WaitingLine line;
    private final Fleet fleet;
    private final Supplier<PoolSettings> settings;
    private final Mono<Integer> connect;
    private final Runnable onConnected;
    private final Pace pace = new Pace();
    private final List<Attempt> underWay = new ArrayList<>();
    private volatile int connecting;
    private boolean up;
    private int sideBySide = 1;
    private boolean proven;
    private long lastStart;
    private long notBefore = System.nanoTime();
    private int initial;
    private @Nullable Disposable alarm;
    private volatile boolean ended;
    private volatile @Nullable Throwable lastFailure;

    /**
     * Prepares to connect.
     *
     * @param connect makes one connection, in the attempt of its Context, and puts it among the idle ones
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

    /** How long a server may take for a sign of life. */
    Duration patience() {
        return pace.patience();
    }

    /** Makes no more attempts, and has those under way fail so. */
    void end(Throwable failure) {
        List<Attempt> left;
        synchronized (this) {
            ended = true;
            left = List.copyOf(underWay);
        }
        left.forEach(attempt -> attempt.giveUp(failure));
    }

    /** Makes the next attempt alone: something speaks against the server. */
    synchronized void doubt() {
        if (up) {
            up = false;
            pace.goesDown();
        }
    }

    /** Starts the attempts that are called for; to be called whenever that may have changed. */
    void serve() {
        if (ended || (connecting == 0 && isFull())) {
            return;
        }
        List<Attempt> begun = new ArrayList<>();
        synchronized (this) {
            while (isWanted() && mayStart(System.nanoTime())) {
                begun.add(begin());
            }
            if (wanted() > 0) {
                setAlarm();
            }
        }
        begun.forEach(this::start);
    }

    private Attempt begin() {
        boolean hurried = !up && underWay.size() > hurried();
        Attempt attempt = new Attempt(hurried, hurried ? pace.patience() : pace.tenure());
        underWay.add(attempt);
        connecting = underWay.size();
        lastStart = attempt.start();
        return attempt;
    }

    private void start(Attempt attempt) {
        connect.contextWrite(context -> context.put(Attempt.class, attempt))
                .subscribe(made -> succeeded(attempt), failure -> failed(attempt, failure));
    }

    private int hurried() {
        return (int) underWay.stream().filter(Attempt::isHurried).count();
    }

    /** An attempt that is under way counts for a caller, unless it may be one of those that hang. */
    private boolean isWanted() {
        return !ended && wanted() > (up ? connecting : 0) && !isFull();
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
                && (connecting == 0 || (proven && hurried() < MOST_HURRIED && now - lastStart >= pace.hanging()));
    }

    private void setAlarm() {
        if (alarm == null) {
            long now = System.nanoTime();
            nextStep(now)
                    .ifPresent(in -> alarm =
                            Schedulers.parallel().schedule(this::onAlarm, Math.max(0, in), TimeUnit.NANOSECONDS));
        }
    }

    /** How long it is until there may be something to do that nothing else calls for, if ever. */
    private OptionalLong nextStep(long now) {
        long pause = notBefore - now;
        if (connecting == 0) {
            return OptionalLong.of(pause);
        }
        // Beside the first attempt ever there is none; its end is what comes next, and so it is with those that end
        // soon.
        if (!proven || hurried() >= MOST_HURRIED) {
            return OptionalLong.empty();
        }
        long step = Math.max(pause, lastStart + pace.hanging() - now);
        return isFull()
                ? mayMakeWay()
                        .mapToLong(attempt -> Math.max(step, attempt.patienceEnd() - now))
                        .min()
                : OptionalLong.of(step);
    }

    private Stream<Attempt> mayMakeWay() {
        return underWay.stream().skip(connecting == 1 ? 0 : 1).filter(attempt -> !attempt.isHurried());
    }

    private void onAlarm() {
        Attempt makesWay = null;
        synchronized (this) {
            alarm = null;
            long now = System.nanoTime();
            if (connecting > 0 && now - lastStart >= pace.hanging()) {
                doubt();
                if (proven && isFull() && wanted() > 0 && hurried() < MOST_HURRIED) {
                    makesWay = mayMakeWay()
                            .filter(attempt -> now - attempt.patienceEnd() >= 0)
                            .findFirst()
                            .orElse(null);
                }
            }
        }
        if (makesWay == null) {
            serve();
        } else {
            makesWay.giveUp();
        }
    }

    private void succeeded(Attempt attempt) {
        lastFailure = null;
        synchronized (this) {
            leave(attempt);
            pace.took(System.nanoTime() - attempt.start());
            up = true;
            sideBySide = Math.min(2 * sideBySide, settings.get().size());
            proven = true;
            initial = Math.max(0, initial - 1);
        }
        onConnected.run();
        serve();
    }

    private void failed(Attempt attempt, Throwable failure) {
        boolean makesWay = attempt.madeWay();
        boolean hopeless;
        synchronized (this) {
            leave(attempt);
            doubt();
            sideBySide = 1;
            notBefore = System.nanoTime() + (makesWay ? 0 : Pace.pause(failure));
            proven |= Pace.isThere(failure);
            hopeless = !(proven && Pace.passes(failure)) && fleet.size() == 0 && !makesWay;
        }
        if (!makesWay) {
            lastFailure = failure;
        }
        if (hopeless) {
            line.forEach(place -> place.giveUp(failure));
        }
        serve();
    }

    private void leave(Attempt attempt) {
        underWay.remove(attempt);
        connecting = underWay.size();
    }
}
