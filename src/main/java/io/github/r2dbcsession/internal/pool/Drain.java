package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** How a pool comes to its end: what is out may come back until the limit, what is out by then is cut off. Happens once. Thread-safe. */
final class Drain {

    private static final Duration POLL = Duration.ofMillis(10);

    private static final Duration LONGEST = Duration.ofDays(365);

    private final String name;
    private final Fleet fleet;
    private final BooleanSupplier nothingOut;
    private final Function<DrainReport, Mono<Void>> end;
    private final Sinks.One<DrainReport> done = Sinks.one();
    private final AtomicLong limit = new AtomicLong(Long.MAX_VALUE);
    private final long start = System.nanoTime();

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

    /** Completes as soon as something is so, on a thread of {@link reactor.core.scheduler.Schedulers#parallel()} if not at once. */
    static Mono<Void> until(BooleanSupplier condition) {
        return Mono.defer(() -> condition.getAsBoolean()
                ? Mono.empty()
                : Mono.delay(POLL).repeat(() -> !condition.getAsBoolean()).then());
    }

    /** Starts; the end comes whether anybody waits for it or not. */
    void begin(int refused) {
        long begun = now();
        List<Lease> out = fleet.leases();
        until(() -> nothingOut.getAsBoolean() || now() >= limit.get())
                .then(Mono.fromSupplier(() -> report(refused, begun, out)))
                .flatMap(report -> end.apply(report).thenReturn(report))
                .subscribe(done::tryEmitValue);
    }

    /** Shortens the time left, if it is longer than this, and emits the report at the end. */
    Mono<DrainReport> within(Duration left) {
        Duration sensible = left.compareTo(LONGEST) < 0 ? left : LONGEST;
        limit.accumulateAndGet(now() + sensible.toNanos(), Math::min);
        return ended();
    }

    /** Emits the report at the end, however long that takes. */
    Mono<DrainReport> ended() {
        return done.asMono();
    }

    private long now() {
        return System.nanoTime() - start;
    }

    private DrainReport report(int refused, long begun, List<Lease> out) {
        List<Lease> late = fleet.leases();
        List<Holder> cutOff = late.stream().map(Lease::holder).toList();
        int finished = (int) out.stream().filter(lease -> !late.contains(lease)).count();
        return new DrainReport(name, Duration.ofNanos(now() - begun), finished, refused, cutOff);
    }
}
