package io.github.r2dbcsession;

/** How a transaction ended. */
public enum TransactionOutcome {
    /** The server confirmed the commit. */
    COMMITTED,
    /** Nothing of it stays: it was rolled back by us, or by the server, or never reached its commit. */
    ROLLED_BACK,
    /** It has committed or it has not: the answer to the commit did not come, or the server knew of no transaction. */
    UNKNOWN
}
