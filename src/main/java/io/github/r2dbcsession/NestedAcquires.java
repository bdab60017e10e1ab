package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Knows which connections are held by work that waits for one more, and refuses the wait with which all would wait for one another. */
final class NestedAcquires {

    private final String database;
    private final LeasePool pool;

    /** How many waits each connection is held up by. */
    private final Map<Lease, Integer> heldUp = new HashMap<>();

    NestedAcquires(String database, LeasePool pool) {
        this.database = database;
        this.pool = pool;
    }

    /**
     * Acquires a connection.
     *
     * @param holding what keeps a connection of its own meanwhile
     */
    Mono<Lease> acquire(CallSite callSite, @Nullable Holding holding) {
        if (holding == null) {
            return pool.acquire(callSite, false);
        }
        return Mono.defer(() -> {
            List<Lease> held = held(holding);
            if (held.isEmpty()) {
                return pool.acquire(callSite, false);
            }
            AtomicBoolean waits = new AtomicBoolean(true);
            Runnable end = () -> {
                if (waits.getAndSet(false)) {
                    wait(held, -1);
                }
            };
            int maxSize = pool.settings().maxSize();
            Mono<Lease> lease = wait(held, 1) >= maxSize
                    ? Mono.error(new NestedAcquireException(database, maxSize))
                    : pool.acquire(callSite, true);
            return lease.doOnNext(come -> end.run())
                    .doOnError(failure -> end.run())
                    .doOnCancel(end);
        });
    }

    private static List<Lease> held(Holding holding) {
        List<Lease> held = new ArrayList<>();
        for (Holding each = holding; each != null; each = each.outer()) {
            Lease lease = each.lease();
            if (lease != null && lease.origin().isPooled()) {
                held.add(lease.origin());
            }
        }
        return held;
    }

    /** Counts a wait in or out, and returns how many connections are held by work that is held up. */
    private synchronized long wait(List<Lease> held, int change) {
        held.forEach(lease -> heldUp.merge(lease, change, Integer::sum));
        heldUp.values().removeIf(waits -> waits == 0);
        return heldUp.keySet().stream()
                .filter(lease -> lease.state() == Lease.State.ACQUIRED)
                .count();
    }
}
