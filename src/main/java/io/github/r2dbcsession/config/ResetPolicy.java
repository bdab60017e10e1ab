package io.github.r2dbcsession.config;

/**
 * After which uses a connection is reset before it is lent again. The reset takes back what a session keeps beyond its transactions:
 * settings, role, advisory locks, LISTEN, cursors, temporary tables, sequence values and PREPARE. It is one round trip behind the caller's
 * back; statements that the driver has prepared stay.
 *
 * <p>A connection that had to be recovered, after a cancel for instance, is reset under every policy, and one that cannot be reset is
 * closed.
 */
public enum ResetPolicy {

    /**
     * Resets after every use but one of plain statements that are known to leave nothing behind: they call only built-in functions that
     * keep no state, and name nothing behind which the database's catalog shows other code, such as a view, a function of one's own, or,
     * where they write, a table with a trigger. An INSERT into a table with a serial or identity column is not among them. The catalog is read again after 30 s, off the caller's path; until then, code put behind a name in use may go unnoticed.
     */
    DEFAULT,

    /**
     * Resets after every use but one of SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES and TABLE. Its limit: what functions, triggers,
     * views and column defaults change in the session, {@code set_config} and advisory locks included, reaches the next borrower.
     */
    TRUSTING,

    /** Resets after every use that ran a statement, whatever it was. */
    ALWAYS
}
