package io.github.r2dbcsession.example;

import java.math.BigDecimal;

/** The rules for sums of money: whole cents within limits, so that {@code numeric(19,2)} always holds them. */
final class Money {

    static final BigDecimal CENT = new BigDecimal("0.01");
    private static final BigDecimal LIMIT = new BigDecimal("1000000000.00");

    private Money() {}

    /** Refuses a sum that is below the minimum, above a thousand million, or finer than a cent. */
    static void check(String name, BigDecimal sum, BigDecimal minimum) {
        if (sum.compareTo(minimum) < 0 || sum.compareTo(LIMIT) > 0) {
            throw Refusal.invalid(name + " must be from " + minimum + " to " + LIMIT);
        }
        if (sum.stripTrailingZeros().scale() > CENT.scale()) {
            throw Refusal.invalid(name + " must be in whole cents");
        }
    }
}
