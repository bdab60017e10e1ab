package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Knows which transactions wait for a second connection, and refuses the wait with which all would wait for one another. */
final class NestedAcquires {

    private final String database;
    private final LeasePool pool;
    private final int maxSize;

    /** How many waits each transaction is held up by. */
    private final Map<DefaultTransaction, Integer> heldUp = new HashMap<>();

    NestedAcquires(String database, LeasePool pool, int maxSize) {
        this.database = database;
        this.pool = pool;
        this.maxSize = maxSize;
    }

    /**
     * Acquires a connection.
     *
     * @param holder the transaction around, which keeps its own connection meanwhile
     */
    Mono<Lease> acquire(@Nullable DefaultTransaction holder) {
        if (holder == null) {
            return pool.acquire();
        }
        return Mono.defer(() -> {
            boolean hopeless = wait(holder, 1) >= maxSize;
            Mono<Lease> lease = hopeless ? Mono.error(new NestedAcquireException(database, maxSize)) : pool.acquire();
            return lease.doFinally(signal -> wait(holder, -1));
        });
    }

    /** Counts a wait in or out, and returns how many connections are held by transactions that are held up. */
    private synchronized long wait(DefaultTransaction holder, int change) {
        for (DefaultTransaction each = holder; each != null; each = each.suspended()) {
            heldUp.merge(each, change, Integer::sum);
        }
        heldUp.values().removeIf(waits -> waits == 0);
        return heldUp.keySet().stream()
                .filter(DefaultTransaction::holdsConnection)
                .count();
    }
}
