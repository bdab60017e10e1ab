package io.github.r2dbcsession.internal.sql.bulk;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Numerics as PostgreSQL has them: digits of four decimals, those that matter, the weight of the first, and how many decimals show. */
final class BinaryNumeric {

    private static final int BASE = 10_000;
    private static final int DECIMALS = 4;
    private static final int MOST_DIGITS = Short.MAX_VALUE;
    private static final int MOST_SCALE = 16_383;
    private static final int NEGATIVE = 0x4000;

    /** So many decimal places, and up to three more that fill the last digit, fit a {@code long}. */
    private static final int MOST_SHORT = 15;

    private BinaryNumeric() {}

    static void write(RowBuffer out, BigDecimal number) {
        int scale = Math.max(0, number.scale());
        if (scale > MOST_SCALE || (long) number.precision() - number.scale() > MOST_DIGITS * DECIMALS) {
            throw new ArithmeticException();
        }
        int fraction = (scale + DECIMALS - 1) / DECIMALS;
        if (number.scale() >= 0 && number.precision() <= MOST_SHORT) {
            writeShort(out, number.unscaledValue().longValue(), scale, fraction);
        } else {
            writeLong(out, number.setScale(fraction * DECIMALS).unscaledValue(), scale, fraction);
        }
    }

    /** Writes one that a {@code long} holds with whole digits, without a copy of it. */
    private static void writeShort(RowBuffer out, long unscaled, int scale, int fraction) {
        long digits = Math.abs(unscaled);
        for (int decimals = scale; decimals < fraction * DECIMALS; decimals++) {
            digits *= 10;
        }
        int zeros = 0;
        while (digits != 0 && digits % BASE == 0) {
            digits /= BASE;
            zeros++;
        }
        int count = 0;
        long first = 1;
        for (long rest = digits; rest != 0; rest /= BASE) {
            first = count == 0 ? 1 : first * BASE;
            count++;
        }
        header(out, count, zeros + count - fraction - 1, unscaled < 0, scale);
        for (long rest = digits, place = first; count > 0; count--, rest %= place, place /= BASE) {
            out.putShort((int) (rest / place));
        }
    }

    private static void writeLong(RowBuffer out, BigInteger unscaled, int scale, int fraction) {
        short[] digits = digits(unscaled.abs());
        int last = 0;
        while (last < digits.length && digits[last] == 0) {
            last++;
        }
        header(out, digits.length - last, digits.length - fraction - 1, unscaled.signum() < 0, scale);
        for (int i = digits.length - 1; i >= last; i--) {
            out.putShort(digits[i]);
        }
    }

    private static void header(RowBuffer out, int count, int weight, boolean negative, int scale) {
        out.putInt((4 + count) * Short.BYTES);
        out.putShort(count);
        out.putShort(count == 0 ? 0 : weight);
        out.putShort(negative ? NEGATIVE : 0);
        out.putShort(scale);
    }

    /** The last digit first, without zeros in front. */
    private static short[] digits(BigInteger number) {
        if (number.signum() == 0) {
            return new short[0];
        }
        String decimals = number.toString();
        short[] digits = new short[(decimals.length() + DECIMALS - 1) / DECIMALS];
        for (int i = 0; i < digits.length; i++) {
            int end = decimals.length() - i * DECIMALS;
            digits[i] = Short.parseShort(decimals.substring(Math.max(0, end - DECIMALS), end));
        }
        return digits;
    }
}
