package io.github.r2dbcsession.internal.sql;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;

/** Dates and times of our era in the ISO style, before 24:00. */
final class TimeCell {

    private static final int OTHER = -1;
    private static final int SHORTEST_YEAR = 4;
    private static final int LONGEST_YEAR = 9;
    private static final int SECONDS_OF_MINUTE = 60;
    private static final int SECONDS_OF_HOUR = 3_600;
    private static final int SECONDS_OF_DAY = 86_400;
    private static final long NANOS_OF_SECOND = 1_000_000_000;
    private static final int NO_ZONE = Integer.MIN_VALUE;

    private TimeCell() {}

    static @Nullable LocalDate date(byte[] bytes, int length) {
        int dash = dash(bytes, length);
        return dash + 6 == length ? dateOn(bytes, dash) : null;
    }

    static @Nullable LocalTime time(byte[] bytes, int length) {
        long nanos = nanosOfDay(bytes, 0, length);
        return nanos == OTHER ? null : LocalTime.ofNanoOfDay(nanos);
    }

    static @Nullable LocalDateTime timestamp(byte[] bytes, int length) {
        return dateTime(bytes, length, dash(bytes, length));
    }

    static @Nullable OffsetDateTime offset(byte[] bytes, int length) {
        int dash = dash(bytes, length);
        int sign = sign(bytes, length, dash);
        int zone = zone(bytes, sign, length);
        LocalDateTime local = zone == NO_ZONE ? null : dateTime(bytes, sign, dash);
        return local == null ? null : OffsetDateTime.of(local, ZoneOffset.ofTotalSeconds(zone));
    }

    static @Nullable ZonedDateTime zoned(byte[] bytes, int length) {
        OffsetDateTime moment = offset(bytes, length);
        return moment == null ? null : moment.toZonedDateTime();
    }

    static @Nullable Instant instant(byte[] bytes, int length) {
        int dash = dash(bytes, length);
        int sign = sign(bytes, length, dash);
        int zone = zone(bytes, sign, length);
        LocalDate date = zone == NO_ZONE ? null : dateOn(bytes, dash);
        long nanos = date == null ? OTHER : nanosOfDay(bytes, dash + 7, sign);
        return date == null || nanos == OTHER
                ? null
                : Instant.ofEpochSecond(
                        date.toEpochDay() * SECONDS_OF_DAY + nanos / NANOS_OF_SECOND - zone, nanos % NANOS_OF_SECOND);
    }

    private static @Nullable LocalDateTime dateTime(byte[] bytes, int end, int dash) {
        if (dash == OTHER || end <= dash + 6 || bytes[dash + 6] != ' ') {
            return null;
        }
        LocalDate date = dateOn(bytes, dash);
        long nanos = nanosOfDay(bytes, dash + 7, end);
        return date == null || nanos == OTHER ? null : LocalDateTime.of(date, LocalTime.ofNanoOfDay(nanos));
    }

    /** Returns where the year ends. */
    private static int dash(byte[] bytes, int length) {
        int at = 0;
        while (at < length && isDigit(bytes[at])) {
            at++;
        }
        return at >= SHORTEST_YEAR && at <= LONGEST_YEAR && at + 6 <= length && bytes[at] == '-' ? at : OTHER;
    }

    private static @Nullable LocalDate dateOn(byte[] bytes, int dash) {
        int year = number(bytes, 0, dash);
        int month = number(bytes, dash + 1, dash + 3);
        int day = number(bytes, dash + 4, dash + 6);
        boolean usual = bytes[dash + 3] == '-' && year > 0 && month > 0 && month <= 12 && day > 0 && day <= 31;
        return usual ? LocalDate.of(year, month, day) : null;
    }

    /** Reads hours, minutes, seconds and up to nine digits of a second. */
    private static long nanosOfDay(byte[] bytes, int from, int end) {
        int size = end - from;
        if (size < 8 || size > 18 || size == 9 || bytes[from + 2] != ':' || bytes[from + 5] != ':') {
            return OTHER;
        }
        int hour = number(bytes, from, from + 2);
        int minute = number(bytes, from + 3, from + 5);
        int second = number(bytes, from + 6, from + 8);
        int fraction = size == 8 ? 0 : bytes[from + 8] == '.' ? number(bytes, from + 9, end) : OTHER;
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || fraction < 0) {
            return OTHER;
        }
        long nanos = fraction;
        for (int digits = Math.max(0, size - 9); digits < 9; digits++) {
            nanos *= 10;
        }
        return (hour * SECONDS_OF_HOUR + minute * SECONDS_OF_MINUTE + second) * NANOS_OF_SECOND + nanos;
    }

    /** Returns where the offset begins, behind the time. */
    private static int sign(byte[] bytes, int length, int dash) {
        if (dash == OTHER) {
            return OTHER;
        }
        int at = dash + 7;
        while (at < length && bytes[at] != '+' && bytes[at] != '-') {
            at++;
        }
        return at < length ? at : OTHER;
    }

    /** Returns the offset in seconds: hours, which minutes and seconds may follow. */
    private static int zone(byte[] bytes, int sign, int length) {
        int size = length - sign;
        if (sign == OTHER || (size != 3 && size != 6 && size != 9)) {
            return NO_ZONE;
        }
        int seconds = 0;
        for (int at = sign + 1, unit = SECONDS_OF_HOUR; at < length; at += 3, unit /= SECONDS_OF_MINUTE) {
            int number = number(bytes, at, at + 2);
            if (number == OTHER || (at > sign + 1 && bytes[at - 1] != ':')) {
                return NO_ZONE;
            }
            seconds += number * unit;
        }
        return bytes[sign] == '-' ? -seconds : seconds;
    }

    private static int number(byte[] bytes, int from, int end) {
        int number = 0;
        for (int i = from; i < end; i++) {
            if (!isDigit(bytes[i])) {
                return OTHER;
            }
            number = number * 10 + bytes[i] - '0';
        }
        return number;
    }

    private static boolean isDigit(byte letter) {
        return letter >= '0' && letter <= '9';
    }
}
