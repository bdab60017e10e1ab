package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks;

/**
 * The connection that checks run on: opened when it is first needed, outside the application's pool, kept between checks, and dropped
 * after a failure. Thread-safe; for one check at a time.
 */
final class Probe {

    private final Database database;
    private final AtomicReference<@Nullable Session> kept = new AtomicReference<>();
    private final Sinks.Empty<Void> closing = Sinks.empty();
    private volatile boolean closed;

    Probe(Database database) {
        this.database = database;
    }

    /**
     * Runs {@code SELECT 1} and emits how long it took, connecting before it where needed. A connection that was kept and turns out
     * to be broken is replaced once. Fails with whatever is wrong with the database.
     */
    Mono<Duration> ask() {
        Mono<Duration> answer = Mono.defer(() -> {
            Session session = kept.get();
            return session == null
                    ? askAnew()
                    : askOn(session).onErrorResume(failure -> {
                        drop();
                        return askAnew();
                    });
        });
        return Mono.firstWithSignal(closing.asMono().then(Mono.error(CancellationException::new)), answer);
    }

    private Mono<Duration> askAnew() {
        return database.openDedicatedSession().doOnNext(this::keep).flatMap(this::askOn);
    }

    private Mono<Duration> askOn(Session session) {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return session.sql("SELECT 1")
                    .as(Integer.class)
                    .one()
                    .map(one -> Duration.ofNanos(System.nanoTime() - start));
        });
    }

    /** Keeps a session as soon as there is one, so that none is lost when nobody waits for it any more. */
    private void keep(Session session) {
        if (!kept.compareAndSet(null, session)) {
            session.close().subscribe();
        } else if (closed) {
            drop();
        }
    }

    /**
     * Asks the server about itself on the kept connection and emits what it told until the limit. Never fails. Where an answer is
     * still owed then, the connection is dropped.
     */
    Mono<HealthDetails> details(Duration limit) {
        return Mono.defer(() -> {
            Session session = kept.get();
            return session == null ? Mono.empty() : detailsOn(session, limit);
        });
    }

    private Mono<HealthDetails> detailsOn(Session session, Duration limit) {
        return Flux.fromIterable(DetailQuery.ALL)
                .concatMap(query -> query.run(session))
                .doFinally(signal -> {
                    if (signal == SignalType.CANCEL) {
                        drop();
                    }
                })
                .takeUntilOther(Mono.delay(limit))
                .collect(HealthDetails.Builder::new, HealthDetails.Builder::add)
                .map(HealthDetails.Builder::build);
    }

    /** Lets go of the connection, whatever it is doing; the next check opens another. */
    void drop() {
        Session session = kept.getAndSet(null);
        if (session != null) {
            session.close().subscribe();
        }
    }

    /** Closes the connection for good and ends the check under way. */
    Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            closing.tryEmitEmpty();
            Session session = kept.getAndSet(null);
            return session == null ? Mono.empty() : session.close();
        });
    }
}
