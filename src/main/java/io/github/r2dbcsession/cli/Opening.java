package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.HealthStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Opens sessions side by side, holds them until each is there or refused, and counts them. */
final class Opening {

    /** How much longer than a session may take to come: so that its own error is seen. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Database db;
    private final Duration limit;
    private final int wanted;
    private final List<Duration> times = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicInteger missing;
    private final Sinks.Empty<Void> all = Sinks.empty();

    /**
     * Opens nothing yet.
     *
     * @param db waits for a connection no longer than the limit
     */
    Opening(Database db, Duration limit, int wanted) {
        this.db = db;
        this.limit = limit;
        this.wanted = wanted;
        this.missing = new AtomicInteger(wanted);
    }

    void tell(Report report) {
        Flux.range(0, wanted)
                .flatMap(number -> one(), wanted)
                .then()
                .timeout(limit.plus(GRACE))
                .onErrorResume(this::failed)
                .block();
        List<Duration> ready = List.copyOf(times);
        report.fact("created", ready.size() + "/" + wanted);
        report.fact(
                "ready after",
                ready.stream().map(time -> time.toMillis() + " ms").collect(Collectors.joining(", ")));
        if (ready.size() < wanted) {
            Throwable why = failure.get();
            report.find(
                    HealthStatus.DEGRADED,
                    "SESSIONS",
                    ready.size() + " of " + wanted + " sessions could be created"
                            + (why == null
                                    ? ""
                                    : ": " + Advice.message(why.getCause() == null ? why : why.getCause(), limit)),
                    wanted + " sessions within " + limit.toMillis() + " ms",
                    "raise max_connections or the role's connection limit, or lower maxSize");
        }
    }

    private Mono<Void> one() {
        return Mono.defer(() -> {
                    long start = System.nanoTime();
                    return db.inSession(session -> session.sql("SELECT 1")
                            .as(Integer.class)
                            .one()
                            .flatMap(one -> held(Duration.ofNanos(System.nanoTime() - start))));
                })
                .onErrorResume(this::failed);
    }

    private Mono<Void> held(Duration time) {
        times.add(time);
        arrived();
        return all.asMono();
    }

    private Mono<Void> failed(Throwable why) {
        failure.compareAndSet(null, why);
        arrived();
        return Mono.empty();
    }

    private void arrived() {
        if (missing.decrementAndGet() == 0) {
            all.tryEmitEmpty();
        }
    }
}
