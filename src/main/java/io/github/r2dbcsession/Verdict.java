package io.github.r2dbcsession;

/** What has become of work that failed. */
enum Verdict {
    /** Nothing of it reached the server. */
    NOT_SENT,
    /** The connection was lost before COMMIT was sent: nothing of the transaction stays. */
    NOT_COMMITTED,
    /** The server refused it: nothing of it stays. */
    ABORTED,
    /** The server stopped it: nothing of it stays. */
    CANCELLED,
    /** It writes, and the server takes no writes: nothing of it stays. */
    WRONG_ROLE,
    /** COMMIT was sent and not answered: all of the transaction stays, or nothing. */
    COMMIT_UNKNOWN,
    /** A statement that commits itself was sent and not answered: it stays, or it does not. */
    STATEMENT_UNKNOWN
}
