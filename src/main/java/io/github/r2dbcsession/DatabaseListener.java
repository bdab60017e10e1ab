package io.github.r2dbcsession;

import io.github.r2dbcsession.pool.PoolListener;
import java.time.Duration;

/**
 * Is told what happens in a {@link Database}; meters and logs are built on it. Methods are called on driver threads and must not block.
 */
public interface DatabaseListener extends PoolListener {

    /** A transaction has ended, so long after it began. */
    default void onTransaction(TransactionOutcome outcome, Duration duration) {}
}
