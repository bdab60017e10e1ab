package io.github.r2dbcsession.internal.pool;

import java.util.concurrent.atomic.AtomicInteger;

/** How many connections are out, and how many on their way back. Thread-safe. */
final class Figures {

    final AtomicInteger acquired = new AtomicInteger();
    final AtomicInteger recovering = new AtomicInteger();
}
