package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Query;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.health.HealthStatus;
import java.time.Duration;
import java.util.function.Function;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/** Tries both ways to use a session, as a callback and as a handle, with both protocols for a statement, simple and extended. */
final class Protocols {

    private final Database db;
    private final Duration limit;
    private final Report report;

    Protocols(Database db, Duration limit, Report report) {
        this.db = db;
        this.limit = limit;
        this.report = report;
    }

    void run() {
        Function<Session, Query> simple = session -> session.sql("SELECT 1");
        Function<Session, Query> extended =
                session -> session.sql("SELECT :one::int").bind("one", 1);
        attempt("callback, simple", callback(simple));
        attempt("callback, extended", callback(extended));
        attempt("handle, simple", handle(simple));
        attempt("handle, extended", handle(extended));
    }

    private Mono<Integer> callback(Function<Session, Query> query) {
        return db.inSession(session -> query.apply(session).as(Integer.class).one());
    }

    private Mono<Integer> handle(Function<Session, Query> query) {
        return Mono.usingWhen(
                db.openSession(),
                session -> query.apply(session).as(Integer.class).one(),
                Session::close);
    }

    private void attempt(String name, Mono<Integer> work) {
        try {
            work.timeout(limit).block();
            // The first time also loads classes.
            long start = System.nanoTime();
            work.timeout(limit).block();
            report.fact(name, "answered in " + (System.nanoTime() - start) / 1_000 + " us");
        } catch (RuntimeException failure) {
            Throwable cause = Exceptions.unwrap(failure);
            report.fact(name, "failed");
            report.find(
                    HealthStatus.UNHEALTHY,
                    "PROTOCOL",
                    name + ": " + Advice.message(cause, limit),
                    "an answer",
                    Advice.on(cause));
        }
    }
}
