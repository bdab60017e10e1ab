package io.github.r2dbcsession;

/** How a transaction ended. */
public enum TransactionOutcome {
    /** The server confirmed the commit. */
    COMMITTED,
    /** Nothing of it stays: it was rolled back by us, or by the server, or never reached its commit. */
    ROLLED_BACK,
    /** The connection was lost between the commit and its answer. */
    UNKNOWN
}
