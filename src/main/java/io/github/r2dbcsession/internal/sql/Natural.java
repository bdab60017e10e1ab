package io.github.r2dbcsession.internal.sql;

import static java.util.Map.entry;

import io.r2dbc.postgresql.codec.Interval;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.Map;

/** What a column is read as by those who do not say: the driver's choice, but for where that loses something or is of no use. */
final class Natural {

    private static final Map<PostgresqlObjectId, Class<?>> CLASSES = Map.ofEntries(
            entry(PostgresqlObjectId.JSON, String.class),
            entry(PostgresqlObjectId.JSON_ARRAY, String[].class),
            entry(PostgresqlObjectId.JSONB, String.class),
            entry(PostgresqlObjectId.JSONB_ARRAY, String[].class),
            entry(PostgresqlObjectId.INET, String.class),
            entry(PostgresqlObjectId.INET_ARRAY, String[].class),
            entry(PostgresqlObjectId.REF_CURSOR, String.class),
            entry(PostgresqlObjectId.REF_CURSOR_ARRAY, String[].class),
            entry(PostgresqlObjectId.BYTEA, byte[].class),
            entry(PostgresqlObjectId.BYTEA_ARRAY, byte[][].class),
            entry(PostgresqlObjectId.INTERVAL, Interval.class),
            entry(PostgresqlObjectId.INTERVAL_ARRAY, Interval[].class),
            entry(PostgresqlObjectId.OID, Long.class),
            entry(PostgresqlObjectId.OID_ARRAY, Long[].class),
            entry(PostgresqlObjectId.TIME, LocalTime.class),
            entry(PostgresqlObjectId.TIME_ARRAY, LocalTime[].class),
            entry(PostgresqlObjectId.TIMETZ, OffsetTime.class),
            entry(PostgresqlObjectId.TIMETZ_ARRAY, OffsetTime[].class),
            entry(PostgresqlObjectId.TIMESTAMPTZ_ARRAY, OffsetDateTime[].class));

    private Natural() {}

    /** Returns Object for the driver's choice. */
    static Class<?> of(PostgresqlObjectId type) {
        return CLASSES.getOrDefault(type, Object.class);
    }
}
