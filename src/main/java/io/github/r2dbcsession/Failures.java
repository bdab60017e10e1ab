package io.github.r2dbcsession;

import io.github.r2dbcsession.StatementCancelledException.By;
import io.github.r2dbcsession.internal.connection.StatementOverdueException;
import io.github.r2dbcsession.internal.connection.StatementOverdueException.Ending;
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
     * @param by who had a statement stopped, asked for where one was; SERVER where it was nobody here
     */
    Throwable told(Throwable failure, Phase phase, Supplier<By> by) {
        if (failure instanceof StatementOverdueException overdue) {
            return overdue(overdue, phase);
        }
        if (!isDriver(failure)) {
            return failure;
        }
        return switch (Classification.of(sqlState(failure), phase).verdict()) {
            case NOT_SENT -> new NotSentException(scope, phase, failure);
            case NOT_COMMITTED -> new NotCommittedException(scope, failure);
            case STATEMENT_UNKNOWN -> new StatementUnknownException(scope, failure);
            case WRONG_ROLE -> readOnly ? failure : new WrongRoleException(scope, failure);
            case CANCELLED -> cancelled(phase, by.get(), failure);
            case ABORTED -> Stopped.byLockTimeout(failure) ? cancelled(phase, By.LOCK_TIMEOUT, failure) : failure;
            case COMMIT_UNKNOWN -> failure;
        };
    }

    private StatementCancelledException cancelled(Phase phase, By by, Throwable failure) {
        return new StatementCancelledException(scope, phase, by == By.SERVER ? Stopped.by(failure) : by, failure);
    }

    private R2dbcException overdue(StatementOverdueException failure, Phase phase) {
        return phase == Phase.AUTOCOMMIT && failure.ending() != Ending.STOPPED
                ? new StatementUnknownException(scope, failure)
                : stopped(failure, phase);
    }

    /** What a statement that was out of time is called when nothing of it stays. */
    StatementCancelledException stopped(StatementOverdueException failure, Phase phase) {
        Throwable cause = failure.getCause();
        return new StatementCancelledException(scope, phase, By.DEADLINE, cause == null ? failure : cause);
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
