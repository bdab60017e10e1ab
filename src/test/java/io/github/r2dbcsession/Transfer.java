package io.github.r2dbcsession;

import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * One transfer of the storm: what its subject writes, and the moment at which it is to be cancelled. The subject says how far it has come.
 */
final class Transfer {

    /** What a subject runs twice in one transaction: amount, account, operation and side are {@code $1} to {@code $4}. */
    static final String LEG = "WITH moved AS (UPDATE account SET balance = balance + $1 WHERE id = $2 RETURNING id)"
            + " INSERT INTO leg (op, side) SELECT $3, $4 FROM moved";

    /** How far a subject has come. */
    enum Step {
        SUBSCRIBED,
        IN_TRANSACTION,
        FIRST_WRITTEN,
        SECOND_WRITTEN
    }

    /** What is to be under way at the cancel: some time, in microseconds, after a step. */
    enum Phase {
        ANY(Step.SUBSCRIBED, 0, 6_000),
        QUEUE(Step.SUBSCRIBED, 0, 500),
        CONNECT(Step.SUBSCRIBED, 500, 20_000),
        BEGIN(Step.IN_TRANSACTION, 0, 300),
        FIRST_STATEMENT(Step.IN_TRANSACTION, 300, 1_500),
        BETWEEN(Step.FIRST_WRITTEN, 0, 1),
        SECOND_STATEMENT(Step.FIRST_WRITTEN, 0, 600),
        COMMIT(Step.SECOND_WRITTEN, 0, 500),
        RELEASE(Step.SECOND_WRITTEN, 500, 1_500);

        private final Step after;
        private final int from;
        private final int to;

        Phase(Step after, int from, int to) {
            this.after = after;
            this.from = from;
            this.to = to;
        }
    }

    private final long operation;
    private final int lower;
    private final int higher;
    private final @Nullable Step cancelAfter;
    private final Duration delay;
    private final Sinks.Empty<Void> there = Sinks.empty();

    /**
     * Draws a transfer. Accounts are locked in the order of their ids, so that no two transfers wait for each other.
     *
     * @param phase where it is cancelled, null for nowhere
     */
    Transfer(long operation, int accounts, Random random, @Nullable Phase phase) {
        this.operation = operation;
        this.lower = random.nextInt(accounts - 1);
        this.higher = lower + 1 + random.nextInt(accounts - 1 - lower);
        this.cancelAfter = phase == null ? null : phase.after;
        this.delay = phase == null ? Duration.ZERO : Duration.ofNanos(1_000L * random.nextInt(phase.from, phase.to));
    }

    long operation() {
        return operation;
    }

    int account(int side) {
        return side == 1 ? lower : higher;
    }

    static int amount(int side) {
        return side == 1 ? -1 : 1;
    }

    /** Says that this is done. */
    void reached(Step step) {
        if (step == cancelAfter) {
            there.tryEmitEmpty();
        }
    }

    /** Emits when the transfer is to be cancelled. */
    Mono<Long> moment() {
        Mono<Long> later = delay.toNanos() < 1_000 ? Mono.just(0L) : Mono.delay(delay, Schedulers.parallel());
        return there.asMono().then(later);
    }
}
