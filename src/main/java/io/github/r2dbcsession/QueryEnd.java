package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * The end of one run of a statement.
 *
 * @param query what was run
 * @param duration how long it took on its connection, from the first byte sent to the last row read; the wait for the connection is not
 *     in it, the time the subscriber took over the rows is
 * @param rows how many rows arrived, or were inserted, updated or deleted where that was asked
 * @param failure what it failed with, null where it did not; its message may quote values
 * @param context what listeners returned from {@link DatabaseListener#onQueryStart}
 */
public record QueryEnd(
        QueryStart query,
        QueryOutcome outcome,
        Duration duration,
        long rows,
        @Nullable Throwable failure,
        ContextView context) {

    /** The SQLSTATE of the failure, where the server gave one. */
    public Optional<String> sqlState() {
        return failure instanceof R2dbcException error ? Optional.ofNullable(error.getSqlState()) : Optional.empty();
    }
}
