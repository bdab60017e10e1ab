package io.github.r2dbcsession.example;

import java.math.BigDecimal;

/** An account and what it holds. */
record Account(long id, String owner, BigDecimal balance) {}
