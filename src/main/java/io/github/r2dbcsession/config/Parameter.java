package io.github.r2dbcsession.config;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One row of the parameter table.
 *
 * @param family {@code libpq}, {@code pgjdbc}, {@code sqlalchemy}, {@code r2dbc} or {@code r2dbc-pool}
 * @param key the name in that family's strings
 * @param name the name here, null when the value has no use here
 * @param value how the value is read, null when only harmless values are let through
 * @param harmless values that may be dropped silently, in lower case
 */
record Parameter(
        String family,
        String key,
        Ruling ruling,
        @Nullable String name,
        @Nullable ParameterValue value,
        List<String> harmless,
        String note) {

    /** What must become of a parameter. */
    enum Ruling {
        /** Arrives with the same meaning. */
        MAP,
        /** Honoured or refused. */
        MUST,
        /** Dropped with a warning. */
        IGNORE
    }

    boolean isHarmless(String text) {
        return harmless.contains(text.toLowerCase(Locale.ROOT));
    }
}
