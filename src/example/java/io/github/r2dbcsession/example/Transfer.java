package io.github.r2dbcsession.example;

import java.math.BigDecimal;
import java.time.Instant;

/** Money that was moved from one account to another. */
record Transfer(long id, long from, long to, BigDecimal amount, Instant at) {}
