package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/** A statement was stopped before its end; nothing of it stays. SQLSTATE 57014, or 55P03 where its wait for a lock was stopped. */
public final class StatementCancelledException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    /** Who had it stopped. */
    public enum By {
        /** The time that the query, the database or the transaction's options give a statement was over. */
        DEADLINE,
        /** The caller, by ending what the statement ran in. */
        CALLER,
        /** A {@code statement_timeout} that was set on the server, for the role or in the session. */
        STATEMENT_TIMEOUT,
        /** A {@code lock_timeout}, wherever it was set. */
        LOCK_TIMEOUT,
        /** Somebody else who asked for it, as by {@code pg_cancel_backend}. */
        ADMINISTRATOR,
        /** The server's {@code statement_timeout} or an administrator: its messages, which alone tell, are not in English. */
        SERVER
    }

    private final By by;

    StatementCancelledException(String scope, Phase phase, By by, @Nullable Throwable cause) {
        super(
                "the server stopped work of the " + scope + " " + phase + ", nothing of it stays: " + hint(by),
                by == By.LOCK_TIMEOUT ? "55P03" : "57014",
                0,
                (String) null,
                cause);
        this.by = by;
    }

    private static String hint(By by) {
        return switch (by) {
            case DEADLINE -> "the time for a statement was over; give it more, or find out what held it up";
            case CALLER -> "its caller had given it up";
            case STATEMENT_TIMEOUT -> "by the statement_timeout that it has itself";
            case LOCK_TIMEOUT -> "by lock_timeout, while it waited for what another transaction holds";
            case ADMINISTRATOR -> "because somebody else asked for it";
            case SERVER -> "by its own statement_timeout, or because somebody else asked for it";
        };
    }

    /** Who had the statement stopped, as far as this side can tell. */
    public By by() {
        return by;
    }
}
