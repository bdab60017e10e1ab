package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolExhaustedException;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.pool.TooManyPendingException;
import java.time.Duration;
import reactor.pool.PoolShutdownException;

/**
 * Says why a pool does not lend.
 *
 * @param pool the one, as it is when it is asked
 */
record PoolFailures(LeasePool pool) {

    Throwable closed() {
        return new PoolClosedException(pool.name());
    }

    Throwable tooManyPending() {
        return new TooManyPendingException(pool.stats(), pool.maxPending());
    }

    /** The wait is over, and somebody or something is to blame. */
    Throwable outOfTime(Duration limit) {
        PoolStats now = pool.stats();
        if (now.saturated()) {
            return new PoolExhaustedException(now, limit, pool.holders());
        }
        Throwable failure = pool.supply().lastFailure();
        String why = pool.lending().isSuspended()
                ? "lending is suspended until the application resumes it"
                : failure == null ? "a connect is under way" : "the last connect failed";
        return new AcquireTimeoutException(now, limit, why, failure);
    }

    /** In our words what r2dbc-pool fails an acquire with. */
    Throwable translate(Throwable failure) {
        return failure instanceof PoolShutdownException ? closed() : failure;
    }
}
