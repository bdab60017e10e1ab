package io.github.r2dbcsession.internal.connection;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** Remembers for 10 s which servers and addresses were of no use, so that they are tried last. Thread-safe. */
final class HostMemory {

    /** What is remembered of a place, the best first. */
    enum Standing {
        /** Nothing that speaks against it. */
        FRESH,
        /** It answered, but did not have the role. */
        WRONG_ROLE,
        /** No connection could be made. */
        FAILED
    }

    private record Note(Standing standing, long until) {}

    private static final Duration TIME = Duration.ofSeconds(10);

    private final Map<Object, Note> notes = new ConcurrentHashMap<>();
    private final LongSupplier clock;

    /**
     * Remembers nothing yet.
     *
     * @param clock counts nanoseconds
     */
    HostMemory(LongSupplier clock) {
        this.clock = clock;
    }

    void note(Object place, Standing standing) {
        long now = clock.getAsLong();
        notes.values().removeIf(note -> note.until - now <= 0);
        if (standing == Standing.FRESH) {
            notes.remove(place);
        } else {
            notes.put(place, new Note(standing, now + TIME.toNanos()));
        }
    }

    Standing standing(Object place) {
        Note note = notes.get(place);
        return note == null || note.until - clock.getAsLong() <= 0 ? Standing.FRESH : note.standing;
    }

    /** The places with the best first; among equals their order stays. */
    <T> List<T> ordered(List<T> places) {
        record Judged<T>(T place, Standing standing) {}
        return places.stream()
                .map(place -> new Judged<>(place, standing(place)))
                .sorted(Comparator.comparing(Judged::standing))
                .map(Judged::place)
                .toList();
    }
}
