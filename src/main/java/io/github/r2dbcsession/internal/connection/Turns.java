package io.github.r2dbcsession.internal.connection;

import java.util.ArrayDeque;
import java.util.Queue;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Lets so many do something at a time, the others in the order they came. Thread-safe. */
final class Turns {

    private final Queue<Turn> waiting = new ArrayDeque<>();
    private int free;

    Turns(int atATime) {
        this.free = atATime;
    }

    /** Does the work when its turn has come. Cancelling before leaves the queue. */
    <T> Mono<T> inTurn(Mono<T> work) {
        return Mono.defer(() -> {
            Turn turn = new Turn();
            return turn.come().then(work).doFinally(signal -> turn.end());
        });
    }

    private final class Turn {

        private final Sinks.Empty<Void> come = Sinks.empty();

        Mono<Void> come() {
            synchronized (Turns.this) {
                if (free == 0) {
                    waiting.add(this);
                    return come.asMono();
                }
                free--;
                return Mono.empty();
            }
        }

        void end() {
            Turn next;
            synchronized (Turns.this) {
                if (waiting.remove(this)) {
                    return;
                }
                next = waiting.poll();
                if (next == null) {
                    free++;
                    return;
                }
            }
            next.come.tryEmitEmpty();
        }
    }
}
