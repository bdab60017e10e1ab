package io.github.r2dbcsession.internal.pool;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import reactor.core.publisher.Mono;

/**
 * Every connection of a pool whose channel is open. Connections belong to a generation: when one is seen to die of what concerns the
 * server, those made before are given up with it. Thread-safe.
 */
final class Fleet {

    private final Set<Pooled> all = ConcurrentHashMap.newKeySet();
    private final AtomicInteger generation = new AtomicInteger();

    /** Takes a connection in, until its channel closes. */
    void join(Pooled pooled, Consumer<Pooled> onClose) {
        all.add(pooled);
        pooled.connection().onClose(() -> {
            all.remove(pooled);
            onClose.accept(pooled);
        });
    }

    Collection<Pooled> all() {
        return all;
    }

    /** How many sockets there are. */
    int size() {
        return all.size();
    }

    /** How many connections there are that nobody has decided to close. */
    int staying() {
        return (int) all.stream().filter(pooled -> !pooled.isLeaving()).count();
    }

    /** Whether there are more of them than that; looks closer only where that may be. */
    boolean exceeds(int most) {
        return all.size() > most && staying() > most;
    }

    /** How many of those are idle. */
    int idle() {
        return (int) all.stream().filter(Pooled::isIdle).count();
    }

    /** Those that are out, the longest first. */
    List<Lease> leases() {
        return all.stream()
                .map(Pooled::lease)
                .filter(Objects::nonNull)
                .filter(lease -> lease.state() == Lease.State.ACQUIRED)
                .sorted(Lease.LONGEST_FIRST)
                .toList();
    }

    int generation() {
        return generation.get();
    }

    /** Whether a newer generation has begun since the connection was made. */
    boolean isOutdated(Pooled pooled) {
        return pooled.generation() != generation.get();
    }

    /** Begins a new generation, unless one has begun since that one. */
    boolean retire(int outdated) {
        boolean first = generation.compareAndSet(outdated, outdated + 1);
        if (first) {
            closeIdle(this::isOutdated);
        }
        return first;
    }

    /** Closes those idle connections, and returns how many they were. */
    int closeIdle(Predicate<Pooled> which) {
        int closed = 0;
        for (Pooled pooled : all) {
            if (which.test(pooled) && pooled.leave()) {
                pooled.connection().close().subscribe();
                closed++;
            }
        }
        return closed;
    }

    /** Has the server stop what it does for those, and closes them; within 1 s. Never fails. */
    Mono<Void> cutOff(Predicate<Pooled> which) {
        return Mono.when(all.stream()
                .filter(which)
                .map(pooled -> pooled.connection().invalidate())
                .toList());
    }

    void killThose(Predicate<Pooled> which) {
        all.stream().filter(which).forEach(pooled -> pooled.connection().kill());
    }
}
