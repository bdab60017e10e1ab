package io.github.r2dbcsession.internal.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import reactor.pool.AllocationStrategy;

/** Lets r2dbc-pool connect when the supply says so, and never because a borrower came: that one would be bound to how it ends. */
final class Growth implements AllocationStrategy {

    private final AtomicInteger granted = new AtomicInteger();
    private final IntSupplier most;

    Growth(IntSupplier most) {
        this.most = most;
    }

    /** A warm-up, which is what the supply asks for, desires none and gets one; a borrower desires one and gets none. */
    @Override
    public int getPermits(int desired) {
        if (desired > 0) {
            return 0;
        }
        granted.incrementAndGet();
        return 1;
    }

    @Override
    public void returnPermits(int returned) {
        granted.addAndGet(-returned);
    }

    @Override
    public int permitGranted() {
        return granted.get();
    }

    @Override
    public int estimatePermitCount() {
        return 0;
    }

    @Override
    public int permitMinimum() {
        return 1;
    }

    @Override
    public int permitMaximum() {
        return most.getAsInt();
    }
}
