package io.github.r2dbcsession;

import io.github.r2dbcsession.pool.PoolListener;
import java.time.Duration;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Is told what happens in a {@link Database}; meters, observations and logs are built on it. Without one nothing is measured. Methods are
 * called on driver threads and must not block. What one throws is logged once and harms nobody.
 *
 * <p>Connections beside the pool, those of {@link Database#openDedicatedSession()} and of health checks, are told of as they are made and
 * closed only.
 */
public interface DatabaseListener extends PoolListener {

    /**
     * A statement is about to be sent; {@link #onQuery} follows.
     *
     * @param around the Context of the subscriber, with what {@link #onTransactionStart} added
     * @return what to add to the Context of the statement, and to hand back at its end with what other listeners added
     */
    default Context onQueryStart(QueryStart query, ContextView around) {
        return Context.empty();
    }

    /** A statement has ended. */
    default void onQuery(QueryEnd end) {}

    /**
     * A transaction has got its connection; {@link #onTransaction} follows, when it has been used as it should.
     *
     * @param around the Context of the subscriber
     * @return what to add to the Context of the work inside, and to hand back at its end with what other listeners added
     */
    default Context onTransactionStart(TransactionStart transaction, ContextView around) {
        return Context.empty();
    }

    /** A transaction has ended. */
    default void onTransaction(TransactionEnd end) {}

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
