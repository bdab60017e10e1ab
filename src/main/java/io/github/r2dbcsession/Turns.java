package io.github.r2dbcsession;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Lets one after another in, in the order they came. Thread-safe. */
final class Turns {

    private final Deque<Turn> waiting = new ArrayDeque<>();
    private boolean taken;

    /** Joins the line. Whoever does must end the turn, come or not. */
    synchronized Turn join() {
        Turn turn = new Turn();
        if (taken) {
            waiting.add(turn);
        } else {
            taken = true;
            turn.here.tryEmitEmpty();
        }
        return turn;
    }

    private synchronized @Nullable Turn next(Turn ended) {
        if (waiting.remove(ended)) {
            return null;
        }
        Turn next = waiting.poll();
        taken = next != null;
        return next;
    }

    /** A place in the line. */
    final class Turn {

        private final Sinks.Empty<Void> here = Sinks.empty();
        private boolean ended;

        private Turn() {}

        /** Completes when the turn has come. */
        Mono<Void> come() {
            return here.asMono();
        }

        /** Ends the turn, unless that has begun elsewhere. */
        void end() {
            if (claim()) {
                pass();
            }
        }

        /** Takes it on to end the turn; true once. */
        boolean claim() {
            synchronized (Turns.this) {
                boolean first = !ended;
                ended = true;
                return first;
            }
        }

        /** Lets the next one in. */
        void pass() {
            Turn next = next(this);
            if (next != null) {
                next.here.tryEmitEmpty();
            }
        }
    }
}
