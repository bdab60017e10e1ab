package io.github.r2dbcsession;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What limits of time have in common, and the deadline of work in a transaction. */
final class TimeLimit {

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofMillis(Integer.MAX_VALUE);

    private TimeLimit() {}

    /** Refuses a limit that PostgreSQL could not have as a setting. */
    static void check(String option, Duration limit) {
        if (limit.compareTo(SHORTEST) < 0 || limit.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(option + " must be from 1 to 2147483647 ms, was " + limit);
        }
    }

    /**
     * Cuts work off at its deadline.
     *
     * @param expire ends what the work is part of, unless that has ended already; then the work's own end is waited for
     */
    static <T> Flux<T> on(
            Flux<T> work, TransactionOptions options, BooleanSupplier expire, Supplier<? extends Throwable> failure) {
        return options.deadline()
                .map(deadline -> Flux.defer(() -> {
                    AtomicBoolean passed = new AtomicBoolean();
                    // An error in place of the tick would leave the work running.
                    return work.takeUntilOther(Mono.delay(deadline)
                                    .flatMap(tick -> expire.getAsBoolean() ? Mono.just(tick) : Mono.never())
                                    .doOnNext(tick -> passed.set(true)))
                            .concatWith(Mono.defer(() -> passed.get() ? Mono.error(failure) : Mono.empty()));
                }))
                .orElse(work);
    }
}
