package io.github.r2dbcsession.example;

import java.math.BigDecimal;
import java.time.Instant;

/** A line of an account's statement: what was added or, below zero, taken, and the balance afterwards. */
record Entry(long id, Instant at, String text, BigDecimal amount, BigDecimal balance) {}
