package io.github.r2dbcsession.example;

import java.math.BigDecimal;

/** Money to be moved from one account to another. Always valid. */
record TransferOrder(long from, long to, BigDecimal amount) {

    static final String FORM = "{\"from\": 1, \"to\": 2, \"amount\": 25.00}";

    TransferOrder {
        if (from == to) {
            throw Refusal.invalid("from and to must be two accounts");
        }
        Money.check("amount", amount, Money.CENT);
    }
}
