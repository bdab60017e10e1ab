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
        return new AcquireTimeoutException(
                now, limit, whyNoneComes(), pool.supply().lastFailure());
    }

    /** Why callers wait though not all connections are in use. */
    String whyNoneComes() {
        if (pool.lending().isSuspended()) {
            return "lending is suspended until the application resumes it";
        }
        Throwable failure = pool.supply().lastFailure();
        return failure == null ? "a connect is under way" : "the last connect failed: " + failure.getMessage();
    }

    /** In our words what r2dbc-pool fails an acquire with. */
    Throwable translate(Throwable failure) {
        return failure instanceof PoolShutdownException ? closed() : failure;
    }
}
