package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.r2dbc.spi.R2dbcException;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The connection that checks run on: opened when it is first needed, outside the application's pool, kept between checks, and dropped
 * after a failure. One question at a time is open on it, however many wait for its answer. Thread-safe.
 */
final class Probe {

    /** No such function, table or setting, not permitted, not supported: the statement of a check is too much for this server. */
    private static final Set<String> TOO_MUCH = Set.of("42883", "42P01", "42704", "42501", "0A000", "XXUUU");

    private final Database database;
    private final Duration giveUpAfter;
    private final Clock clock;
    private final AtomicReference<@Nullable Session> kept = new AtomicReference<>();
    private final AtomicReference<@Nullable Question> open = new AtomicReference<>();
    private final Sinks.Empty<Void> closing = Sinks.empty();
    private volatile Mono<?> telling = Mono.empty();
    private volatile boolean plain;
    private volatile boolean closed;

    Probe(Database database, Duration giveUpAfter, Clock clock) {
        this.database = database;
        this.giveUpAfter = giveUpAfter;
        this.clock = clock;
    }

    /** Returns the question that is open, or puts one. */
    Question ask() {
        Question mine = new Question();
        Question other = open.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        mine.put();
        return mine;
    }

    /** A question, from connecting to the answer. Whoever stops waiting for it leaves it open. */
    final class Question {

        private final Sinks.One<Answer> answer = Sinks.one();
        private volatile long asked;

        /** Emits the answer. Fails with whatever is wrong with the database, a silent one with {@link TimeoutException}. */
        Mono<Answer> answer() {
            return answer.asMono();
        }

        /** For how long a connection has owed the answer; empty while there is none. */
        Optional<Duration> owed() {
            long since = asked;
            return since == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(System.nanoTime() - since));
        }

        private void put() {
            Mono.firstWithSignal(closing.asMono().then(Mono.error(CancellationException::new)), run())
                    .subscribe(
                            told -> {
                                open.set(null);
                                answer.tryEmitValue(told).orThrow();
                            },
                            failure -> {
                                drop();
                                open.set(null);
                                answer.tryEmitError(failure).orThrow();
                            });
        }

        private Mono<Answer> run() {
            return telling.then(Mono.defer(() -> {
                Session session = kept.get();
                return session == null
                        ? onNewConnection()
                        : on(session).onErrorResume(failure -> !(failure instanceof TimeoutException), failure -> {
                            drop();
                            return onNewConnection();
                        });
            }));
        }

        private Mono<Answer> onNewConnection() {
            return Mono.defer(() -> {
                asked = 0;
                return database.openDedicatedSession()
                        .doOnNext(Probe.this::keep)
                        .flatMap(this::on);
            });
        }

        private Mono<Answer> on(Session session) {
            return Mono.defer(() -> {
                asked = System.nanoTime();
                Mono<Answer> told = plain
                        ? Answer.plain(session)
                        : Answer.full(session, clock).onErrorResume(Probe::isTooMuch, failure -> {
                            plain = true;
                            return Answer.plain(session);
                        });
                return told.timeout(giveUpAfter);
            });
        }
    }

    private static boolean isTooMuch(Throwable failure) {
        return failure instanceof R2dbcException error
                && TOO_MUCH.contains(Objects.requireNonNullElse(error.getSqlState(), ""));
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
     * Asks the server about itself on the kept connection and emits what it told until the limit. Never fails; the next question waits
     * for it. Where an answer is still owed at the limit, the connection is dropped.
     */
    Mono<HealthDetails> details(Duration limit) {
        return Mono.defer(() -> {
            Session session = kept.get();
            if (session == null) {
                return Mono.just(new HealthDetails.Builder().build());
            }
            Mono<HealthDetails> told =
                    DetailQuery.askAll(session, limit, this::drop).cache();
            telling = told;
            return told;
        });
    }

    /** Lets go of the connection, whatever it is doing; the next question opens another. */
    private void drop() {
        Session session = kept.getAndSet(null);
        if (session != null) {
            session.close().subscribe();
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Closes the connection for good and ends the question that is open. */
    Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            closing.tryEmitEmpty();
            Session session = kept.getAndSet(null);
            return session == null ? Mono.empty() : session.close();
        });
    }
}
