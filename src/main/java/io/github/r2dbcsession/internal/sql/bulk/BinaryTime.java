package io.github.r2dbcsession.internal.sql.bulk;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Times as PostgreSQL counts them: days or microseconds from the beginning of 2000, the ends of the count for the infinities. */
final class BinaryTime {

    private static final long EPOCH_DAY = LocalDate.of(2000, 1, 1).toEpochDay();
    private static final long EPOCH_SECOND = EPOCH_DAY * 86_400;
    private static final long INFINITY = Long.MAX_VALUE;

    private BinaryTime() {}

    static int days(LocalDate date) {
        if (date.equals(LocalDate.MAX)) {
            return Integer.MAX_VALUE;
        } else if (date.equals(LocalDate.MIN)) {
            return Integer.MIN_VALUE;
        }
        return Math.toIntExact(date.toEpochDay() - EPOCH_DAY);
    }

    static long micros(LocalTime time) {
        return rounded(0, time.toNanoOfDay());
    }

    static long micros(LocalDateTime time) {
        if (time.equals(LocalDateTime.MAX)) {
            return INFINITY;
        } else if (time.equals(LocalDateTime.MIN)) {
            return -INFINITY - 1;
        }
        return micros(time.toInstant(ZoneOffset.UTC));
    }

    static long micros(OffsetDateTime time) {
        if (time.equals(OffsetDateTime.MAX)) {
            return INFINITY;
        } else if (time.equals(OffsetDateTime.MIN)) {
            return -INFINITY - 1;
        }
        return micros(time.toInstant());
    }

    static long micros(Instant time) {
        if (time.equals(Instant.MAX)) {
            return INFINITY;
        } else if (time.equals(Instant.MIN)) {
            return -INFINITY - 1;
        }
        return rounded(Math.subtractExact(time.getEpochSecond(), EPOCH_SECOND), time.getNano());
    }

    static long micros(Duration duration) {
        return rounded(duration.getSeconds(), duration.getNano());
    }

    /** To the nearest, as the server rounds what it reads as text. */
    private static long rounded(long second, long nano) {
        return Math.addExact(Math.multiplyExact(second, 1_000_000L), (nano + 500) / 1_000);
    }
}
