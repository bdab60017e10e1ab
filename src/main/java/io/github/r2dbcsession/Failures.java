package io.github.r2dbcsession;

import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says of a failure of the driver what has become of the work. What the server refused stays the driver's own error; what somebody else
 * threw is passed on.
 *
 * @param scope what the work ran in, for messages
 * @param readOnly whether the caller asked for reading only
 */
record Failures(String scope, boolean readOnly) {

    /**
     * Puts a failure in our words.
     *
     * @param by who had a statement stopped, asked for where one was
     */
    Throwable told(Throwable failure, Phase phase, Supplier<StatementCancelledException.By> by) {
        if (!isDriver(failure)) {
            return failure;
        }
        return switch (Classification.of(sqlState(failure), phase).verdict()) {
            case NOT_SENT -> new NotSentException(scope, phase, failure);
            case NOT_COMMITTED -> new NotCommittedException(scope, failure);
            case STATEMENT_UNKNOWN -> new StatementUnknownException(scope, failure);
            case WRONG_ROLE -> readOnly ? failure : new WrongRoleException(scope, failure);
            case CANCELLED -> new StatementCancelledException(scope, phase, by.get(), failure);
            case ABORTED, COMMIT_UNKNOWN -> failure;
        };
    }

    /** Whether the driver raised it for what happened on the wire; a queue of its own that is full has sent nothing. */
    private static boolean isDriver(Throwable failure) {
        return failure instanceof IOException
                || (failure instanceof PostgresqlException && !(failure instanceof R2dbcTransientResourceException));
    }

    static @Nullable String sqlState(Throwable failure) {
        return failure instanceof R2dbcException r2dbc ? r2dbc.getSqlState() : null;
    }
}
