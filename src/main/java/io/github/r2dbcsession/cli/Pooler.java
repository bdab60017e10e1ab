package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.health.HealthStatus;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Finds out whether a pooler stands before the server, and whether prepared statements survive it. */
final class Pooler {

    /** No such, or already such a prepared statement; and a pooler that does not know the message. */
    private static final Set<String> LOST_STATEMENT = Set.of("26000", "42P05", "08P01");

    private final Database db;
    private final Duration limit;
    private final Report report;

    Pooler(Database db, Duration limit, Report report) {
        this.db = db;
        this.limit = limit;
        this.report = report;
    }

    void run(boolean isPgBouncer) {
        report.fact("pooler", isPgBouncer ? "PgBouncer" : "none known by its answers");
        List<Integer> processes = Objects.requireNonNull(Mono.usingWhen(
                        db.openDedicatedSession(),
                        first -> Mono.usingWhen(
                                db.openDedicatedSession(), second -> processes(first, second), Session::close),
                        Session::close)
                .timeout(limit)
                .block());
        boolean shared = processes.stream().distinct().count() < 2;
        report.fact(
                "processes",
                shared ? "two sessions shared process " + processes.get(0) : "two sessions had a process each");
        if (isPgBouncer || shared) {
            report.find(
                    HealthStatus.HEALTHY,
                    "POOLER",
                    (isPgBouncer ? "PgBouncer" : "a pooler") + " stands before the server"
                            + (shared ? ", and sessions share processes (transaction mode)" : ""),
                    "a process of its own for each session",
                    "keep to SET LOCAL; do without LISTEN, advisory locks of a session and temporary tables");
        }
        prepared();
    }

    private static Mono<List<Integer>> processes(Session first, Session second) {
        return Flux.just(first, second)
                .concatMap(session ->
                        session.sql("SELECT pg_backend_pid()").as(Integer.class).one())
                .collectList();
    }

    /** Two sessions whose drivers give the same name to different statements: a shared process knows only one of them. */
    private void prepared() {
        Mono<Integer> work = Mono.usingWhen(
                db.openDedicatedSession(),
                first -> Mono.usingWhen(
                        db.openDedicatedSession(),
                        second -> answer(first, "SELECT :value::int + 1")
                                .then(answer(second, "SELECT :value::int + 2"))
                                .then(answer(first, "SELECT :value::int + 1"))
                                .then(answer(second, "SELECT :value::int + 2")),
                        Session::close),
                Session::close);
        try {
            work.timeout(limit).block();
            report.fact("prepared", "statements survive");
        } catch (RuntimeException failure) {
            Throwable cause = Exceptions.unwrap(failure);
            String sqlState = cause instanceof R2dbcException error ? String.valueOf(error.getSqlState()) : "";
            if (!LOST_STATEMENT.contains(sqlState)) {
                throw failure;
            }
            report.fact("prepared", "statements fail");
            report.find(
                    HealthStatus.UNHEALTHY,
                    "PREPARED_STATEMENTS",
                    "a prepared statement failed: " + Advice.message(cause, limit),
                    "an answer",
                    "add r2dbc.preparedStatementCacheQueries=0 to the string (to a JDBC one prepareThreshold=0), or"
                            + " let PgBouncer 1.21 or later keep them (max_prepared_statements)");
        }
    }

    private static Mono<Integer> answer(Session session, String sql) {
        return session.sql(sql).bind("value", 1).as(Integer.class).one();
    }
}
