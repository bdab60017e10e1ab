package io.github.r2dbcsession.internal.sql;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoField;
import java.time.temporal.Temporal;
import java.util.Locale;

/** Dates and times as PostgreSQL writes and reads them: years before Christ are marked, the ends of Java's time are infinity. */
final class TemporalText {

    private static final String BEFORE_CHRIST = " BC";
    private static final String INFINITY = "infinity";

    /** The driver takes what lies beyond for infinity. */
    private static final LocalDate EARLIEST = LocalDate.of(-4712, 1, 1);

    private static final LocalDate LATEST = LocalDate.of(5_874_897, 12, 31);

    private TemporalText() {}

    /** Returns the value as it came, unless the server would store another. */
    static Temporal checked(Temporal value) {
        LocalDate date = value instanceof Instant instant
                ? OffsetDateTime.ofInstant(bounded(instant), ZoneOffset.UTC).toLocalDate()
                : value.isSupported(ChronoField.EPOCH_DAY)
                        ? LocalDate.ofEpochDay(value.getLong(ChronoField.EPOCH_DAY))
                        : EARLIEST;
        boolean beyond = date.isBefore(EARLIEST) || date.isAfter(LATEST);
        if (beyond && date.getYear() != LocalDate.MIN.getYear() && date.getYear() != LocalDate.MAX.getYear()) {
            throw new Conversion.Failure(
                    "it lies before 4713 BC or after 5874897 and would become infinity; where that is meant use MIN or MAX");
        }
        return value;
    }

    private static Instant bounded(Instant instant) {
        Instant last = LocalDateTime.MAX.toInstant(ZoneOffset.UTC);
        Instant first = LocalDateTime.MIN.toInstant(ZoneOffset.UTC);
        return instant.isAfter(last) ? last : instant.isBefore(first) ? first : instant;
    }

    static String of(Temporal value) {
        checked(value);
        if (value instanceof LocalTime || value instanceof OffsetTime) {
            return value.toString();
        } else if (value instanceof LocalDate date) {
            return infinite(date) ? infinity(date) : date(date) + era(date);
        } else if (value instanceof LocalDateTime local) {
            LocalDate date = local.toLocalDate();
            return infinite(date) ? infinity(date) : date(date) + " " + local.toLocalTime() + era(date);
        }
        OffsetDateTime moment = value instanceof Instant instant
                ? bounded(instant).atOffset(ZoneOffset.UTC)
                : OffsetDateTime.from(value);
        if (infinite(moment.toLocalDate())) {
            return infinity(moment.toLocalDate());
        }
        LocalDateTime utc = moment.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime();
        LocalDate date = utc.toLocalDate();
        return date(date) + " " + utc.toLocalTime() + "+00" + era(date);
    }

    private static boolean infinite(LocalDate date) {
        return date.isBefore(EARLIEST) || date.isAfter(LATEST);
    }

    private static String infinity(LocalDate date) {
        return date.isBefore(EARLIEST) ? "-" + INFINITY : INFINITY;
    }

    private static String date(LocalDate date) {
        return String.format(
                Locale.ROOT,
                "%04d-%02d-%02d",
                date.get(ChronoField.YEAR_OF_ERA),
                date.getMonthValue(),
                date.getDayOfMonth());
    }

    private static String era(LocalDate date) {
        return date.getYear() <= 0 ? BEFORE_CHRIST : "";
    }

    /** @throws DateTimeException when the text holds another kind of date or time */
    static Temporal read(String text, Class<?> type) {
        if (type == LocalTime.class) {
            return LocalTime.parse(noMidnight(text));
        } else if (type == OffsetTime.class) {
            int zone = zone(text);
            return OffsetTime.of(
                    LocalTime.parse(noMidnight(text.substring(0, zone))), ZoneOffset.of(text.substring(zone)));
        } else if (type == LocalDate.class) {
            return text.endsWith(INFINITY)
                    ? text.length() == INFINITY.length() ? LocalDate.MAX : LocalDate.MIN
                    : date(text);
        } else if (type == LocalDateTime.class) {
            return text.endsWith(INFINITY)
                    ? text.length() == INFINITY.length() ? LocalDateTime.MAX : LocalDateTime.MIN
                    : local(text);
        } else if (type == Instant.class) {
            return text.endsWith(INFINITY)
                    ? text.length() == INFINITY.length() ? Instant.MAX : Instant.MIN
                    : moment(text).toInstant();
        }
        OffsetDateTime moment = text.endsWith(INFINITY)
                ? text.length() == INFINITY.length() ? OffsetDateTime.MAX : OffsetDateTime.MIN
                : moment(text);
        return type == ZonedDateTime.class ? moment.toZonedDateTime() : moment;
    }

    private static String noMidnight(String time) {
        if (time.startsWith("24:")) {
            throw new Conversion.Failure(TemporalConversion.NO_MIDNIGHT);
        }
        return time;
    }

    private static LocalDate date(String text) {
        boolean before = text.endsWith(BEFORE_CHRIST);
        String[] parts = (before ? text.substring(0, text.length() - BEFORE_CHRIST.length()) : text).split("-", -1);
        if (parts.length != 3) {
            throw new DateTimeException("no date");
        }
        int year = Integer.parseInt(parts[0]);
        return LocalDate.of(before ? 1 - year : year, Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    private static LocalDateTime local(String text) {
        boolean before = text.endsWith(BEFORE_CHRIST);
        int space = text.indexOf(' ');
        if (space < 0) {
            throw new DateTimeException("no time");
        }
        int end = before ? text.length() - BEFORE_CHRIST.length() : text.length();
        String date = text.substring(0, space) + (before ? BEFORE_CHRIST : "");
        return date(date).atTime(LocalTime.parse(text.substring(space + 1, end)));
    }

    private static OffsetDateTime moment(String text) {
        boolean before = text.endsWith(BEFORE_CHRIST);
        int end = before ? text.length() - BEFORE_CHRIST.length() : text.length();
        int zone = zone(text);
        return local(text.substring(0, zone) + (before ? BEFORE_CHRIST : ""))
                .atOffset(ZoneOffset.of(text.substring(zone, end)));
    }

    /** Returns where the offset begins, which stands behind a time. */
    private static int zone(String text) {
        int colon = text.indexOf(':');
        int plus = text.indexOf('+', colon + 1);
        int zone = plus >= 0 ? plus : text.indexOf('-', colon + 1);
        if (colon < 0 || zone < 0) {
            throw new DateTimeException("no offset");
        }
        return zone;
    }
}
