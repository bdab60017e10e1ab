package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/** The server stopped a statement before its end; nothing of it stays. SQLSTATE 57014. */
public final class StatementCancelledException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    /** Who had it stopped. */
    public enum By {
        /** The time that the transaction's options give a statement was over. */
        DEADLINE,
        /** The caller, by ending what the statement ran in. */
        CALLER,
        /** Anybody else: an administrator, or a {@code statement_timeout} that the transaction's options did not set. */
        SERVER
    }

    private final By by;

    StatementCancelledException(String scope, Phase phase, By by, @Nullable Throwable cause) {
        super(
                "the server stopped the " + scope + " " + phase + ", nothing of it stays: " + hint(by),
                "57014",
                0,
                (String) null,
                cause);
        this.by = by;
    }

    private static String hint(By by) {
        return switch (by) {
            case DEADLINE -> "the time for a statement was over; give it more, or find out what held it up";
            case CALLER -> "its caller had given it up";
            case SERVER -> "by its own statement_timeout, or because an administrator asked for it";
        };
    }

    /** Who had the statement stopped, as far as this side can tell. */
    public By by() {
        return by;
    }
}
