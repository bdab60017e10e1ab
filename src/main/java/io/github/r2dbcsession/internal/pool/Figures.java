package io.github.r2dbcsession.internal.pool;

import java.util.concurrent.atomic.AtomicInteger;

/** The counts behind {@code PoolStats}. Thread-safe. */
final class Figures {

    final AtomicInteger acquired = new AtomicInteger();
    final AtomicInteger recovering = new AtomicInteger();
    final AtomicInteger connecting = new AtomicInteger();
    final AtomicInteger pending = new AtomicInteger();
}
