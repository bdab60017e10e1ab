package io.github.r2dbcsession.internal.connection;

import io.r2dbc.spi.R2dbcTimeoutException;
import org.jspecify.annotations.Nullable;

/** A statement had not ended within its limit. What that means for the work is said by whoever knows what the statement was part of. */
public final class StatementOverdueException extends R2dbcTimeoutException {

    private static final long serialVersionUID = 1;

    /** How it ended in spite of that. */
    public enum Ending {
        /** The server stopped it; nothing of it stays. */
        STOPPED,
        /** The server had done it; what was left of the answer has been dropped. */
        DONE,
        /** The server gave no answer in time; the connection is closed if none comes. */
        UNANSWERED
    }

    private final Ending ending;

    StatementOverdueException(Ending ending, @Nullable Throwable cause) {
        super("the statement had not ended within its limit", cause);
        this.ending = ending;
    }

    /** How it ended. */
    public Ending ending() {
        return ending;
    }
}
