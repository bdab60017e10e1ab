package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** How a pool comes to its end: what is out may come back until the limit, what is out by then is cut off. Happens once. Thread-safe. */
final class Drain {

    private static final Duration POLL = Duration.ofMillis(10);

    private final String name;
    private final Fleet fleet;
    private final BooleanSupplier nothingOut;
    private final Function<DrainReport, Mono<Void>> end;
    private final Sinks.Empty<Void> timeOver = Sinks.empty();
    private final Sinks.One<DrainReport> done = Sinks.one();

    /**
     * Prepares for the end.
     *
     * @param nothingOut whether everything has come back
     * @param end closes what is left
     */
    Drain(String name, Fleet fleet, BooleanSupplier nothingOut, Function<DrainReport, Mono<Void>> end) {
        this.name = name;
        this.fleet = fleet;
        this.nothingOut = nothingOut;
        this.end = end;
    }

    /** Completes as soon as something is so. */
    static Mono<Void> until(BooleanSupplier condition) {
        return Flux.interval(Duration.ZERO, POLL)
                .onBackpressureDrop()
                .takeUntil(tick -> condition.getAsBoolean())
                .then();
    }

    /** Starts, and emits the report at the end; whether anybody waits for that changes nothing. */
    Mono<DrainReport> begin(int refused, Duration limit) {
        long start = System.nanoTime();
        List<Lease> out = fleet.leases();
        Mono.firstWithSignal(until(nothingOut), timeOver.asMono())
                .then(Mono.fromSupplier(() -> report(refused, start, out)))
                .flatMap(report -> end.apply(report).thenReturn(report))
                .subscribe(done::tryEmitValue);
        return hurry(limit);
    }

    /** Shortens the time left, if it is longer than this, and emits the report at the end. */
    Mono<DrainReport> hurry(Duration limit) {
        Mono.delay(limit).takeUntilOther(done.asMono()).subscribe(over -> timeOver.tryEmitEmpty());
        return done.asMono();
    }

    private DrainReport report(int refused, long start, List<Lease> out) {
        List<Lease> late = fleet.leases();
        List<Holder> cutOff = late.stream().map(Lease::holder).toList();
        int finished = (int) out.stream().filter(lease -> !late.contains(lease)).count();
        return new DrainReport(name, Duration.ofNanos(System.nanoTime() - start), finished, refused, cutOff);
    }
}
