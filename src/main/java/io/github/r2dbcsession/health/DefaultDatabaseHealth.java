package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

final class DefaultDatabaseHealth implements DatabaseHealth {

    private final Database database;
    private final HealthLimits limits;
    private final boolean details;
    private final Probe probe;
    private final AtomicReference<Sinks.@Nullable One<HealthReport>> underWay = new AtomicReference<>();

    DefaultDatabaseHealth(Database database, HealthLimits limits, boolean details) {
        this.database = database;
        this.limits = limits;
        this.details = details;
        this.probe = new Probe(database);
    }

    @Override
    public Mono<HealthReport> check() {
        return Mono.defer(() -> {
            Sinks.One<HealthReport> mine = Sinks.one();
            Sinks.One<HealthReport> other = underWay.compareAndExchange(null, mine);
            if (other != null) {
                return other.asMono();
            }
            report().subscribe(report -> {
                underWay.set(null);
                mine.tryEmitValue(report).orThrow();
            });
            return mine.asMono();
        });
    }

    /** Ends by the deadline and never fails, so it may run without its subscribers. */
    private Mono<HealthReport> report() {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return probe.ask()
                    .timeout(limits.timeout())
                    .flatMap(latency -> details(start)
                            .map(told -> HealthReport.reachable(latency, database.stats(), limits, told.orElse(null))))
                    .onErrorResume(failure -> {
                        probe.drop();
                        return Mono.just(HealthReport.unreachable(failure, database.stats(), limits));
                    });
        });
    }

    private Mono<Optional<HealthDetails>> details(long start) {
        if (!details) {
            return Mono.just(Optional.empty());
        }
        Duration left = limits.timeout().minusNanos(System.nanoTime() - start);
        return probe.details(left).map(Optional::of).defaultIfEmpty(Optional.empty());
    }

    @Override
    public Mono<Void> close() {
        return probe.close();
    }
}
