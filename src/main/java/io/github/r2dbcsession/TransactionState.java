package io.github.r2dbcsession;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Where a transaction stands. OPEN until it is committed, rolled back or given up; the step out of OPEN happens once, and so does the
 * end, of which the listener is told.
 */
final class TransactionState {

    private enum Step {
        OPEN,
        /** No statement is let in any more, and the COMMIT has not been sent. */
        CLOSING,
        COMMITTING,
        ROLLING_BACK,
        ENDED,
        EXPIRED
    }

    private final @Nullable WatchedTransaction watched;
    private final AtomicReference<Step> step = new AtomicReference<>(Step.OPEN);
    private volatile @Nullable Disposable timer;
    private volatile @Nullable TransactionOutcome outcome;

    /**
     * Starts open.
     *
     * @param watched is told of the end, null where nobody asks
     */
    TransactionState(@Nullable WatchedTransaction watched) {
        this.watched = watched;
    }

    boolean isOpen() {
        return step.get() == Step.OPEN;
    }

    boolean isExpired() {
        return step.get() == Step.EXPIRED;
    }

    /** How it ended; null as long as it has not. */
    @Nullable
    TransactionOutcome outcome() {
        return outcome;
    }

    /** Lets no statement in any more; false where it is not open. */
    boolean close() {
        return step.compareAndSet(Step.OPEN, Step.CLOSING);
    }

    /** Steps towards the commit; false where it is not open. */
    boolean commit() {
        return step.compareAndSet(Step.OPEN, Step.COMMITTING) || step.compareAndSet(Step.CLOSING, Step.COMMITTING);
    }

    /** Steps towards the rollback; false where it is not open. */
    boolean rollBack() {
        return step.compareAndSet(Step.OPEN, Step.ROLLING_BACK) || step.compareAndSet(Step.CLOSING, Step.ROLLING_BACK);
    }

    /** Turns a commit that was not sent into a rollback. */
    void rollBackInstead() {
        step.compareAndSet(Step.COMMITTING, Step.ROLLING_BACK);
    }

    void end(TransactionOutcome how) {
        Step before = step.getAndUpdate(now -> now == Step.EXPIRED ? now : Step.ENDED);
        if (before != Step.ENDED && before != Step.EXPIRED) {
            tell(how);
        }
    }

    /** The caller has gone: whatever was not committed is rolled back on the way back to the pool. */
    void abandon() {
        end(step.get() == Step.COMMITTING ? TransactionOutcome.UNKNOWN : TransactionOutcome.ROLLED_BACK);
    }

    /** Ends because the deadline has passed; false when it has ended already. */
    boolean expire() {
        for (Step before : new Step[] {Step.OPEN, Step.CLOSING, Step.ROLLING_BACK}) {
            if (step.compareAndSet(before, Step.EXPIRED)) {
                tell(TransactionOutcome.ROLLED_BACK);
                return true;
            }
        }
        if (step.compareAndSet(Step.COMMITTING, Step.ENDED)) {
            tell(TransactionOutcome.UNKNOWN);
            return true;
        }
        return false;
    }

    /** Calls back after that time, unless it has ended before. */
    void expireIn(Duration left, Runnable expired) {
        timer = Mono.delay(left).subscribe(tick -> {
            if (expire()) {
                expired.run();
            }
        });
    }

    private void tell(TransactionOutcome how) {
        Disposable running = timer;
        if (running != null) {
            running.dispose();
        }
        outcome = how;
        if (watched != null) {
            watched.end(how);
        }
    }
}
