package io.github.r2dbcsession;

import java.time.Duration;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** A transaction that listeners are told of. */
final class WatchedTransaction {

    private final DatabaseListener listener;
    private final TransactionStart transaction;
    private final Context added;
    private final long start = System.nanoTime();

    WatchedTransaction(DatabaseListener listener, TransactionStart transaction, ContextView around) {
        this.listener = listener;
        this.transaction = transaction;
        this.added = listener.onTransactionStart(transaction, around);
    }

    /** Whether the work inside is to have something in its Context. */
    boolean adds() {
        return !added.isEmpty();
    }

    /** Adds that. */
    Context inside(Context context) {
        return context.putAll(added.readOnly());
    }

    void end(TransactionOutcome outcome) {
        listener.onTransaction(
                new TransactionEnd(transaction, outcome, Duration.ofNanos(System.nanoTime() - start), added));
    }
}
