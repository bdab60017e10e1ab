package io.github.r2dbcsession;

import java.time.Duration;
import reactor.util.context.ContextView;

/**
 * The end of one transaction; a block that is run again has one for each run.
 *
 * @param transaction what it was
 * @param duration how long after it had got its connection
 * @param context what listeners returned from {@link DatabaseListener#onTransactionStart}
 */
public record TransactionEnd(
        TransactionStart transaction, TransactionOutcome outcome, Duration duration, ContextView context) {}
