package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

final class DefaultDatabaseHealth implements DatabaseHealth {

    private final Database database;
    private final HealthLimits limits;
    private final Clock clock;
    private final Probe probe;
    private final DetailsCache details;
    private final Steadying steadying;
    private final Lately lately = new Lately(System.nanoTime());
    private final Disposable.Swap listening = Disposables.swap();
    private final AtomicReference<Sinks.@Nullable One<HealthReport>> underWay = new AtomicReference<>();
    private volatile @Nullable HealthReport last;

    DefaultDatabaseHealth(Database database, HealthLimits limits, Clock clock) {
        this.database = database;
        this.limits = limits;
        this.clock = clock;
        this.probe = new Probe(database, limits.giveUpAfter, clock);
        this.details = new DetailsCache(probe, limits.detailsInterval);
        this.steadying = new Steadying(limits.recoverAfter);
    }

    @Override
    public String name() {
        return database.name();
    }

    @Override
    public Mono<HealthReport> check() {
        return Mono.defer(() -> {
            HealthReport recent = recent();
            if (recent != null) {
                return Mono.just(recent);
            }
            Sinks.One<HealthReport> mine = Sinks.one();
            Sinks.One<HealthReport> other = underWay.compareAndExchange(null, mine);
            if (other != null) {
                return other.asMono();
            }
            recentOrNew().subscribe(report -> {
                last = report;
                underWay.set(null);
                mine.tryEmitValue(report).orThrow();
            });
            return mine.asMono();
        });
    }

    @Override
    public Mono<HealthReport> checkWithDetails() {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return check().flatMap(report -> {
                Answer answer = report.answer();
                if (answer == null) {
                    return Mono.just(report);
                }
                Duration left = limits.timeout.minusNanos(System.nanoTime() - start);
                Duration half = limits.timeout.dividedBy(2);
                return details.get(left.compareTo(half) < 0 ? left : half)
                        .timeout(left, Mono.fromSupplier(() -> new HealthDetails.Builder().build()))
                        .map(told -> report.with(told.and(answer, lately.certificateExpiry())));
            });
        });
    }

    @Override
    public Flux<HealthReport> changes() {
        // Twice as often as there is a new report, which costs nothing: none is missed for a tick that comes a moment
        // early.
        return Flux.interval(Duration.ZERO, limits.interval.dividedBy(2))
                .onBackpressureDrop()
                .concatMap(tick -> check(), 1)
                .distinctUntilChanged(HealthReport::gist)
                .takeUntil(HealthReport::isClosed);
    }

    private @Nullable HealthReport recent() {
        HealthReport report = last;
        boolean recent = report != null && !probe.isClosed() && report.age().compareTo(limits.interval) < 0;
        return recent ? report : null;
    }

    /** Whoever wins the race to ask may find that another has just asked. */
    private Mono<HealthReport> recentOrNew() {
        HealthReport recent = recent();
        return recent == null ? measure().map(steadying::steady) : Mono.just(recent);
    }

    /** Ends by the deadline and never fails, so it may run without its subscribers. */
    private Mono<HealthReport> measure() {
        return Mono.defer(() -> {
            listen();
            Probe.Question question = probe.ask();
            return question.answer()
                    .map(answer -> HealthReport.reachable(answer, seen(), limits))
                    .timeout(limits.timeout, Mono.fromSupplier(() -> unanswered(question)))
                    .onErrorResume(failure -> Mono.just(HealthReport.unreachable(failure, seen(), limits)));
        });
    }

    /** At the deadline: a connection that still owes an answer is slow; without a connection nothing can be done. */
    private HealthReport unanswered(Probe.Question question) {
        return question.owed()
                .map(owed -> HealthReport.unanswered(owed, seen(), limits))
                .orElseGet(() -> HealthReport.unreachable(
                        new ConnectTimeoutException("no connection", limits.timeout), seen(), limits));
    }

    private Seen seen() {
        return new Seen(
                clock.instant(),
                database.stats(),
                lately.acquires(System.nanoTime()),
                lately.certificateExpiry(),
                Leaks.of(database));
    }

    private void listen() {
        if (listening.get() == null && !probe.isClosed()) {
            listening.update(database.listen(lately));
        }
    }

    @Override
    public Mono<Void> close() {
        return probe.close().doOnSubscribe(subscribed -> listening.dispose());
    }
}
