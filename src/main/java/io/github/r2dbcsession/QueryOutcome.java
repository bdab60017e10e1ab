package io.github.r2dbcsession;

/** How the run of a statement ended. */
public enum QueryOutcome {
    /** The answer was read to its end. */
    COMPLETED,
    /** The statement, the connection or the mapping of a row failed. */
    FAILED,
    /** The subscriber cancelled before the end. */
    CANCELLED
}
