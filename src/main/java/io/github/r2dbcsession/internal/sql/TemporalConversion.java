package io.github.r2dbcsession.internal.sql;

import io.r2dbc.postgresql.codec.Interval;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Map;

/** Dates and times without a guessed zone or a dropped part. */
final class TemporalConversion {

    private static final Map<Class<?>, PostgresqlObjectId> TYPES = Map.of(
            LocalDate.class, PostgresqlObjectId.DATE,
            LocalTime.class, PostgresqlObjectId.TIME,
            OffsetTime.class, PostgresqlObjectId.TIMETZ,
            LocalDateTime.class, PostgresqlObjectId.TIMESTAMP,
            OffsetDateTime.class, PostgresqlObjectId.TIMESTAMPTZ,
            ZonedDateTime.class, PostgresqlObjectId.TIMESTAMPTZ,
            Instant.class, PostgresqlObjectId.TIMESTAMPTZ);

    static final String NO_MIDNIGHT = "24:00 has no counterpart in Java; read it as String";

    private static final Instant FIRST = OffsetDateTime.MIN.toInstant();
    private static final Instant LAST = OffsetDateTime.MAX.toInstant();
    private static final int AFTER_THE_LAST_MICROSECOND = 999_999_999;

    private TemporalConversion() {}

    static boolean isTemporal(Class<?> target) {
        return TYPES.containsKey(target);
    }

    static Conversion of(PostgresqlObjectId type, Class<?> target) {
        if (type != TYPES.get(target) && type != PostgresqlObjectId.UNSPECIFIED) {
            throw new Conversion.Failure(
                    "a zone or a part would have to be guessed or dropped; cast it in the statement");
        }
        if (target == LocalTime.class || target == OffsetTime.class) {
            return new Conversion(target, value -> time((TemporalAccessor) value));
        }
        return target == Instant.class
                ? new Conversion(target, value -> instant((Instant) value))
                : Conversion.none(target);
    }

    /** The driver reads infinity as the end of another class's time. */
    private static Instant instant(Instant instant) {
        if (instant.equals(LAST)) {
            return Instant.MAX;
        }
        return instant.equals(FIRST) ? Instant.MIN : instant;
    }

    /** The driver reads 24:00, which Java has no value for, as the last nanosecond of the day; PostgreSQL itself has none. */
    private static Object time(TemporalAccessor time) {
        if (time.get(ChronoField.NANO_OF_SECOND) == AFTER_THE_LAST_MICROSECOND) {
            throw new Conversion.Failure(NO_MIDNIGHT);
        }
        return time;
    }

    /** A day counts 24 hours. */
    static Duration duration(Interval interval) {
        if (interval.getYears() != 0 || interval.getMonths() != 0) {
            throw new Conversion.Failure("it counts months, whose length differs; read it as Period or Interval");
        }
        return Duration.ofDays(interval.getDays())
                .plusHours(interval.getHours())
                .plusMinutes(interval.getMinutes())
                .plusSeconds(interval.getSecondsInMinute())
                .plusNanos(interval.getMicrosecondsInSecond() * 1_000L);
    }

    static Period period(Interval interval) {
        if (interval.getHours() != 0
                || interval.getMinutes() != 0
                || interval.getSecondsInMinute() != 0
                || interval.getMicrosecondsInSecond() != 0) {
            throw new Conversion.Failure("it counts hours or less; read it as Duration or Interval");
        }
        return Period.of(interval.getYears(), interval.getMonths(), interval.getDays());
    }
}
