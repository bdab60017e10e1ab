package io.github.r2dbcsession.testing;

import org.jspecify.annotations.Nullable;

/** A row of {@code pg_stat_activity}: one server process and what it is doing. Immutable. */
public record Backend(
        int pid,
        @Nullable String state,
        @Nullable String query,
        @Nullable String waitEvent) {}
