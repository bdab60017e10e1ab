package io.github.r2dbcsession.pool;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;

/**
 * A connection that is out, and who has it. Immutable.
 *
 * @param acquiredAt the line of the application that asked for it, as a stack trace has it, or {@code unknown}
 * @param since when it was acquired
 * @param held how long ago that was
 * @param busy whether a statement is under way on it; one that is not is held for something else than the server
 * @param lastStatement at most 60 characters of the last statement, with {@code ?} for every literal; empty before the first
 * @param backendPid the server process behind it, as in {@code pg_stat_activity}
 */
public record Holder(
        String acquiredAt, Instant since, Duration held, boolean busy, String lastStatement, OptionalInt backendPid) {}
