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

    private BinaryNumeric() {}

    static void write(RowBuffer out, BigDecimal number) {
        int scale = Math.max(0, number.scale());
        if (scale > MOST_SCALE || (long) number.precision() - number.scale() > MOST_DIGITS * DECIMALS) {
            throw new ArithmeticException();
        }
        int fraction = (scale + DECIMALS - 1) / DECIMALS;
        BigInteger whole = number.setScale(fraction * DECIMALS).unscaledValue().abs();
        short[] digits = whole.bitLength() < Long.SIZE ? digits(whole.longValue()) : digits(whole);
        int last = 0;
        while (last < digits.length && digits[last] == 0) {
            last++;
        }
        int count = digits.length - last;
        out.putInt((4 + count) * Short.BYTES);
        out.putShort(count);
        out.putShort(count == 0 ? 0 : digits.length - fraction - 1);
        out.putShort(number.signum() < 0 ? NEGATIVE : 0);
        out.putShort(scale);
        for (int i = digits.length - 1; i >= last; i--) {
            out.putShort(digits[i]);
        }
    }

    /** The last digit first, without zeros in front. */
    private static short[] digits(long number) {
        int count = 0;
        for (long rest = number; rest != 0; rest /= BASE) {
            count++;
        }
        short[] digits = new short[count];
        long rest = number;
        for (int i = 0; i < count; i++) {
            digits[i] = (short) (rest % BASE);
            rest /= BASE;
        }
        return digits;
    }

    private static short[] digits(BigInteger number) {
        String decimals = number.toString();
        short[] digits = new short[(decimals.length() + DECIMALS - 1) / DECIMALS];
        for (int i = 0; i < digits.length; i++) {
            int end = decimals.length() - i * DECIMALS;
            digits[i] = Short.parseShort(decimals.substring(Math.max(0, end - DECIMALS), end));
        }
        return digits;
    }
}
