package io.github.r2dbcsession.internal.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/**
 * The callers who wait for a connection, in the order of their deadlines. One timer serves them all, and one who is served at once never
 * comes here. Thread-safe.
 */
final class WaitingLine {

    /** A place in the line. */
    abstract static class Place {

        private @Nullable Place before;
        private @Nullable Place behind;
        private boolean taken;
        private boolean heldBack;

        /** When the wait began, on the clock of {@link System#nanoTime()}. */
        abstract long start();

        /** When the wait must be over, on the clock of {@link System#nanoTime()}. */
        abstract long deadline();

        /** Whether the one who waits has a connection already. */
        abstract boolean isHolding();

        /** The deadline has passed. */
        abstract void outOfTime();

        /** The pool lends again. */
        abstract void resume();

        /** A connection that nobody has, for the one who waits; false when it is not wanted any more. */
        abstract boolean take(Pooled pooled);

        /** The wait has to end, for this reason. */
        abstract void giveUp(Throwable failure);
    }

    private @Nullable Place first;
    private @Nullable Place last;
    private volatile int size;
    private volatile int wanting;
    private @Nullable Disposable timer;
    private long timerEnd;

    int size() {
        return size;
    }

    /** How many wait for a connection, and not for the pool to lend again or for an event loop. */
    int wanting() {
        return wanting;
    }

    /** Notes that a place wants no connection for the time being, or does again. */
    synchronized void holdBack(Place place, boolean wait) {
        if (place.taken && place.heldBack != wait) {
            wanting += wait ? -1 : 1;
            place.heldBack = wait;
        }
    }

    /** Who is to be served next. */
    synchronized @Nullable Place next() {
        Place next = wanting == 0 ? null : first;
        while (next != null && next.heldBack) {
            next = next.behind;
        }
        return next;
    }

    /** Lets a caller in who is served already, so that its deadline holds. */
    synchronized void joinServed(Place place) {
        join(place, Integer.MAX_VALUE);
        holdBack(place, true);
    }

    /** How long the one has been waiting who has waited longest, 0 when nobody does. */
    synchronized long longestWait() {
        Place longest = first;
        return longest == null ? 0 : Math.max(0, System.nanoTime() - longest.start());
    }

    /** Lets a caller in behind those whose deadlines come before; false when so many are waiting already. */
    synchronized boolean join(Place place, int most) {
        if (place.taken) {
            return true;
        }
        if (size >= most) {
            return false;
        }
        Place front = last;
        while (front != null && front.deadline() - place.deadline() > 0) {
            front = front.before;
        }
        Place rear = front == null ? first : front.behind;
        place.before = front;
        place.behind = rear;
        link(front, place);
        if (rear == null) {
            last = place;
        } else {
            rear.before = place;
        }
        place.taken = true;
        size++;
        wanting++;
        startTimer(first);
        return true;
    }

    synchronized void leave(Place place) {
        if (!place.taken) {
            return;
        }
        holdBack(place, false);
        place.taken = false;
        size--;
        wanting--;
        link(place.before, place.behind);
        if (place.behind == null) {
            last = place.before;
        } else {
            place.behind.before = place.before;
        }
        place.before = null;
        place.behind = null;
    }

    private void link(@Nullable Place front, @Nullable Place rear) {
        if (front == null) {
            first = rear;
        } else {
            front.behind = rear;
        }
    }

    /** Calls back for each who waits now. */
    void forEach(Consumer<Place> action) {
        List<Place> places = new ArrayList<>();
        synchronized (this) {
            for (Place at = first; at != null; at = at.behind) {
                places.add(at);
            }
        }
        places.forEach(action);
    }

    private void startTimer(@Nullable Place next) {
        Disposable running = timer;
        if (next == null || (running != null && timerEnd - next.deadline() <= 0)) {
            return;
        }
        if (running != null) {
            running.dispose();
        }
        timerEnd = next.deadline();
        long left = Math.max(0, timerEnd - System.nanoTime());
        timer = Schedulers.parallel().schedule(this::expire, left, TimeUnit.NANOSECONDS);
    }

    private void expire() {
        List<Place> expired = new ArrayList<>();
        synchronized (this) {
            timer = null;
            Place at = first;
            while (at != null && at.deadline() - System.nanoTime() <= 0) {
                expired.add(at);
                at = at.behind;
            }
            startTimer(at);
        }
        expired.forEach(Place::outOfTime);
    }
}
