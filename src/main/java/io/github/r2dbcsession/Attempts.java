package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.util.context.ContextView;

/** The runs of one block, each in a transaction of its own, one after another: the next where the last left nothing and may do better. */
final class Attempts<T> {

    private final Transactions transactions;
    private final TransactionOptions options;
    private final ContextValues values;
    private final Function<DefaultTransaction, Flux<T>> block;
    private final ContextView context;
    private final long start = System.nanoTime();
    private volatile Attempt current;
    private volatile boolean emitted;
    private volatile boolean pausing;
    private volatile @Nullable Throwable before;

    Attempts(
            Transactions transactions,
            TransactionOptions options,
            ContextValues values,
            Function<DefaultTransaction, Flux<T>> block,
            ContextView context) {
        this.transactions = transactions;
        this.options = options;
        this.values = values;
        this.block = block;
        this.context = context;
        this.current = attempt();
    }

    private Attempt attempt() {
        return new Attempt(transactions, options, values, context);
    }

    /** Runs the block until it succeeds, fails for good, or the deadline that covers all runs has passed. */
    Flux<T> run() {
        if (options.retries() > 0) {
            transactions.retries().began();
        }
        return TimeLimit.on(run(0), options, this::expire, this::expiry)
                .onErrorResume(failure -> current.<T>afterwards().then(Mono.error(failure)))
                .doFinally(signal -> {
                    if (signal == SignalType.CANCEL) {
                        current.afterwards().subscribe();
                    }
                });
    }

    private Flux<T> run(int retriesBefore) {
        return Flux.defer(() -> {
            Attempt attempt = retriesBefore == 0 ? current : attempt();
            current = attempt;
            pausing = false;
            Flux<T> run = Lease.use(transactions.acquire(context), lease -> block.apply(attempt.begin(lease)));
            return options.retries() == 0
                    ? run.concatWith(attempt.<T>afterwards())
                    : run.doOnNext(element -> emitted = true)
                            .doOnComplete(transactions.retries()::committed)
                            .concatWith(attempt.<T>afterwards())
                            .onErrorResume(failure ->
                                    attempt.afterwards().thenMany(again(attempt, failure, retriesBefore + 1)));
        });
    }

    private Flux<T> again(Attempt failed, Throwable failure, int retry) {
        return Flux.defer(() -> {
            if (retry > options.retries() || emitted || failed.left() || !Retries.worthwhile(failure)) {
                return Flux.error(failure);
            }
            if (!transactions.retries().take()) {
                transactions.telemetry().listeners().onRetryRefused(failure, retry);
                return Flux.error(failure);
            }
            before = failure;
            Duration pause = Retries.pause(retry);
            if (isOver(pause)) {
                return Flux.error(after(transactions.timedOut(options)));
            }
            pausing = true;
            transactions.telemetry().listeners().onRetry(failure, retry, pause);
            return Mono.delay(pause).thenMany(run(retry));
        });
    }

    private boolean expire() {
        return pausing || current.expire();
    }

    private Throwable expiry() {
        return after(pausing ? transactions.timedOut(options) : current.expiry());
    }

    /** Says with an error what had ended the run before. */
    private Throwable after(Throwable error) {
        Throwable earlier = before;
        if (earlier != null) {
            error.addSuppressed(earlier);
        }
        return error;
    }

    /** Whether the deadline will have passed by then. */
    private boolean isOver(Duration pause) {
        @Nullable Duration deadline = options.deadline().orElse(null);
        return deadline != null
                && Duration.ofNanos(System.nanoTime() - start).plus(pause).compareTo(deadline) >= 0;
    }
}
