package io.github.r2dbcsession;

/** What a block of work makes of the transaction that is open around it on the same database. */
public enum Propagation {
    /** Joins the open transaction, or begins one. */
    REQUIRED,
    /** Begins one on a connection of its own, whatever is open. */
    REQUIRES_NEW,
    /** Works behind a savepoint of the open transaction, so that its failure undoes only itself; begins one where none is open. */
    NESTED,
    /** Joins the open transaction, or works without one. */
    SUPPORTS,
    /** Works without a transaction, on other connections than an open one. */
    NOT_SUPPORTED,
    /** Joins the open transaction, and fails where none is open. */
    MANDATORY,
    /** Works without a transaction, and fails where one is open. */
    NEVER
}
