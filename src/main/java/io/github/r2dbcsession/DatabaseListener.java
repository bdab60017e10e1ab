package io.github.r2dbcsession;

import io.github.r2dbcsession.pool.PoolListener;
import java.time.Duration;

/**
 * Is told what happens in a {@link Database}; meters and logs are built on it. Methods are called on driver threads and must not block.
 */
public interface DatabaseListener extends PoolListener {

    /** A transaction has ended, so long after it began. */
    default void onTransaction(TransactionOutcome outcome, Duration duration) {}

    /**
     * A block was rolled back, or had no connection, and will be run again after a pause.
     *
     * @param failure what ended the run before
     * @param retry which run it will be beyond the first, from 1
     */
    default void onRetry(Throwable failure, int retry, Duration pause) {}

    /** A block would have been run again, and the database's budget for that was used up: the caller gets the failure. */
    default void onRetryRefused(Throwable failure, int retry) {}
}
