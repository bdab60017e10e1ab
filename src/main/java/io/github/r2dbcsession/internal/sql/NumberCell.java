package io.github.r2dbcsession.internal.sql;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** Numbers of up to 18 digits without an exponent. */
final class NumberCell {

    private static final int MOST_DIGITS = 18;

    /** No number of so few digits is this. */
    private static final long OTHER = Long.MIN_VALUE;

    /** What a double and a float hold without rounding: a division of two such numbers is rounded once, as the standard demands. */
    private static final long EXACT_IN_DOUBLE = 1L << 53;

    private static final long EXACT_IN_FLOAT = 1L << 24;

    private static final double[] DOUBLE_POWERS = powers(23);
    private static final double[] FLOAT_POWERS = powers(11);

    private NumberCell() {}

    static @Nullable Short int2(byte[] bytes, int length) {
        long number = whole(bytes, length);
        return number == OTHER ? null : (Short) (short) number;
    }

    static @Nullable Integer int4(byte[] bytes, int length) {
        long number = whole(bytes, length);
        return number == OTHER ? null : (Integer) (int) number;
    }

    static @Nullable Long int8(byte[] bytes, int length) {
        long number = whole(bytes, length);
        return number == OTHER ? null : (Long) number;
    }

    static @Nullable BigDecimal numeric(byte[] bytes, int length) {
        int point = point(bytes, length);
        long digits = digits(bytes, length, point);
        return digits == OTHER ? null : BigDecimal.valueOf(digits, scale(length, point));
    }

    static @Nullable Double float8(byte[] bytes, int length) {
        int point = point(bytes, length);
        long digits = digits(bytes, length, point);
        int scale = scale(length, point);
        if (digits == OTHER || Math.abs(digits) > EXACT_IN_DOUBLE || scale >= DOUBLE_POWERS.length) {
            return null;
        }
        double number = Math.abs(digits) / DOUBLE_POWERS[scale];
        return bytes[0] == '-' ? -number : number;
    }

    static @Nullable Float float4(byte[] bytes, int length) {
        int point = point(bytes, length);
        long digits = digits(bytes, length, point);
        int scale = scale(length, point);
        if (digits == OTHER || Math.abs(digits) > EXACT_IN_FLOAT || scale >= FLOAT_POWERS.length) {
            return null;
        }
        float number = (float) Math.abs(digits) / (float) FLOAT_POWERS[scale];
        return bytes[0] == '-' ? -number : number;
    }

    private static double[] powers(int count) {
        double[] powers = new double[count];
        powers[0] = 1;
        for (int i = 1; i < count; i++) {
            powers[i] = powers[i - 1] * 10;
        }
        return powers;
    }

    private static long whole(byte[] bytes, int length) {
        return digits(bytes, length, length);
    }

    private static int point(byte[] bytes, int length) {
        int at = 0;
        while (at < length && bytes[at] != '.') {
            at++;
        }
        return at;
    }

    private static int scale(int length, int point) {
        return point == length ? 0 : length - point - 1;
    }

    /** Returns the number without its point. */
    private static long digits(byte[] bytes, int length, int point) {
        boolean negative = length > 0 && bytes[0] == '-';
        int first = negative ? 1 : 0;
        int count = length - first - (point < length ? 1 : 0);
        if (count < 1 || count > MOST_DIGITS) {
            return OTHER;
        }
        long number = 0;
        for (int i = first; i < length; i++) {
            int digit = bytes[i] - '0';
            if (digit >= 0 && digit <= 9) {
                number = number * 10 + digit;
            } else if (i != point) {
                return OTHER;
            }
        }
        return negative ? -number : number;
    }
}
