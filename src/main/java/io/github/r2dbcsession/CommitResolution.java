package io.github.r2dbcsession;

/** What has become of a commit that had not been answered. */
public enum CommitResolution {
    /** The transaction has committed. */
    COMMITTED,
    /** Nothing of the transaction is in the database: it was rolled back, or it had written nothing. The work can be done again. */
    ABORTED,
    /**
     * It cannot be told: the server could not be asked in time, is another one or has been promoted since, has forgotten, or the
     * transaction was not {@link TransactionOptions#resolvable()}.
     */
    UNKNOWN
}
