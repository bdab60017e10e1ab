package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
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

    /**
     * Runs {@code SELECT 1}, looks at the pool's figures, collects details, and emits the report.
     *
     * <p>Emits exactly one report and never fails: what goes wrong is in the report. It is there by the deadline, 2 s by default,
     * whatever the server does; details that are not there by then are left out. Checks asked for while one is under way join it and
     * get its report. Cancelling leaves the check to those who still wait; it then ends by its deadline. Emits on a driver or timer
     * thread: do not block.
     */
    Mono<HealthReport> check();

    /**
     * Closes the connection of the checks. A check under way ends at once, and every later one reports
     * {@link HealthFinding.Code#CLOSED}. Safe to call twice; never fails.
     */
    Mono<Void> close();
}
