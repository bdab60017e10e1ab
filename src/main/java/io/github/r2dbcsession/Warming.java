package io.github.r2dbcsession;

import io.github.r2dbcsession.pool.WarmUp;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Opens sessions side by side: each is held until all of them have been opened or have failed, so that no two share a connection. */
final class Warming {

    private final Sessions sessions;
    private final int count;
    private final AtomicInteger missing;
    private final Sinks.Empty<Void> all = Sinks.empty();

    Warming(Sessions sessions, int count) {
        this.sessions = sessions;
        this.count = count;
        this.missing = new AtomicInteger(count);
    }

    Mono<WarmUp> run() {
        return Flux.range(0, count)
                .flatMapDelayError(session -> one(), count, 1)
                .collectList()
                .onErrorMap(failures -> Exceptions.unwrapMultiple(failures).get(0))
                .map(times -> new WarmUp(count, times));
    }

    private Mono<Duration> one() {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return sessions.own(session -> session.sql("SELECT 1")
                            .as(Integer.class)
                            .one()
                            .map(one -> Duration.ofNanos(System.nanoTime() - start))
                            .flatMap(this::arrive))
                    .doOnError(failure -> arrived());
        });
    }

    private Mono<Duration> arrive(Duration time) {
        arrived();
        return all.asMono().thenReturn(time);
    }

    private void arrived() {
        if (missing.decrementAndGet() == 0) {
            all.tryEmitEmpty();
        }
    }
}
