package io.github.r2dbcsession.example;

import java.math.BigDecimal;

/** An account to be opened. Always valid. */
record NewAccount(String owner, BigDecimal balance) {

    static final String FORM = "{\"owner\": \"Ada\", \"balance\": 100.00}";

    private static final int OWNER_LIMIT = 100;

    NewAccount {
        if (owner.isBlank() || owner.length() > OWNER_LIMIT) {
            throw Refusal.invalid("owner must have 1 to " + OWNER_LIMIT + " characters");
        }
        if (owner.indexOf('\0') >= 0) {
            throw Refusal.invalid("owner must not contain the character NUL");
        }
        Money.check("balance", balance, BigDecimal.ZERO);
    }
}
