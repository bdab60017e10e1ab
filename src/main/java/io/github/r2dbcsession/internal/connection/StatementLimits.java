package io.github.r2dbcsession.internal.connection;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a statement is run.
 *
 * @param time how long it may take on the server and to be read, null for as long as it likes
 * @param rowsAtATime how many rows the server sends before it is asked for more, 0 for all
 */
public record StatementLimits(@Nullable Duration time, int rowsAtATime) {

    /** No limit at all. */
    public static final StatementLimits NONE = new StatementLimits(null, 0);

    /** Whether the server keeps a cursor for it, which can be closed before its end. */
    boolean cursor() {
        return rowsAtATime > 0;
    }
}
