package io.github.r2dbcsession.health;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Asks for details once in a while, however many want them. Thread-safe. */
final class DetailsCache {

    private record Told(Mono<HealthDetails> details, long at) {}

    private final Probe probe;
    private final Duration interval;
    private final AtomicReference<@Nullable Told> told = new AtomicReference<>();

    DetailsCache(Probe probe, Duration interval) {
        this.probe = probe;
        this.interval = interval;
    }

    /** Emits details that are recent enough, or asks for them, within the limit. Never fails. */
    Mono<HealthDetails> get(Duration limit) {
        return Mono.defer(() -> {
            Told recent = told.get();
            long now = System.nanoTime();
            if (recent != null && now - recent.at < interval.toNanos()) {
                return recent.details;
            }
            Told next =
                    new Told(probe.details(limit).doOnNext(this::forgetNothing).cache(), now);
            return told.compareAndSet(recent, next) ? next.details : get(limit);
        });
    }

    /** What told nothing at all is asked for again by whoever comes next. */
    private void forgetNothing(HealthDetails details) {
        if (details.isEmpty()) {
            told.set(null);
        }
    }
}
