package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Checks how a {@link Database} is doing. Thread-safe; keep one per database and close it before the database.
 *
 * <p>Checks run on a connection of their own beside the application's pool, so they never wait behind it and take no place in it; it is
 * opened by the first check, kept between checks, and replaced when it is broken. A pool without a free connection is told apart from
 * a server that does not answer: the first is degraded, the second unhealthy.
 */
public interface DatabaseHealth {

    /** Returns the health of a database with default limits. Opens nothing. */
    static DatabaseHealth of(Database database) {
        return builder(database).build();
    }

    /** Returns a builder. Opens nothing. */
    static DatabaseHealthBuilder builder(Database database) {
        return new DatabaseHealthBuilder(database);
    }

    /** The name of the database. */
    String name();

    /**
     * Asks the server one statement, looks at the pool's figures and at what callers met with lately, and emits the report.
     *
     * <p>Emits exactly one report and never fails: what goes wrong is in the report. It is there by the deadline, 1 s by default,
     * whatever the server does. The server is asked at most once an interval, 1 s by default, however many ask: checks asked for
     * sooner get the last report again, and those asked for while one is under way join it. Cancelling leaves the check to those who
     * still wait; it then ends by its deadline. Emits on the subscriber's, a driver or a timer thread: do not block.
     */
    Mono<HealthReport> check();

    /**
     * Does the same and adds what the server tells about itself, from up to 1 min ago by default. Asking for it takes half of the
     * deadline at most; what is not there by then is left out, with a note.
     */
    Mono<HealthReport> checkWithDetails();

    /**
     * Checks every interval for as long as it is subscribed to, and emits the first report and then each whose findings are others, or
     * other in status, than the last one's.
     *
     * <p>Checks go on only as reports are asked for. Any number of subscribers cost no more than one. Completes when this is closed, never
     * fails; cancelling ends the checks.
     */
    Flux<HealthReport> changes();

    /**
     * Closes the connection of the checks. A check under way ends at once, and every later one reports
     * {@link HealthFinding.Code#CLOSED}. Safe to call twice; never fails.
     */
    Mono<Void> close();
}
