package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.PoolListener;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what is about to go wrong, in the log and as an event: callers who wait long, a pool nearly full for a while, connections that do
 * not come back. Looks once a second, so that lending costs nothing for it. Not thread-safe.
 */
final class Watch {

    private static final Logger log = LoggerFactory.getLogger(PoolListener.class);
    private static final double HIGH = 0.8;
    private static final int ROUNDS_HIGH = 10;
    private static final int NAMED = 2;

    private final LeasePool pool;
    private final Fleet fleet;
    private final WaitingLine line;
    private final Seldom waiting = new Seldom();
    private final Seldom usage = new Seldom();
    private final Set<Lease> suspects = new LinkedHashSet<>();
    private int roundsHigh;

    Watch(LeasePool pool, Fleet fleet, WaitingLine line) {
        this.pool = pool;
        this.fleet = fleet;
        this.line = line;
    }

    /** Looks once. */
    void round() {
        PoolStats stats = pool.stats();
        checkWaiting(stats);
        checkUsage(stats);
        checkHolders(stats.name());
    }

    private void checkWaiting(PoolStats stats) {
        Duration wait = Duration.ofNanos(line.longestWait());
        if (wait.compareTo(pool.settings().waitWarningThreshold()) >= 0 && waiting.isDue()) {
            waiting.warn("pool " + stats.name() + ": a caller has been waiting for a connection for " + wait.toMillis()
                    + " ms, " + figures(stats)
                    + (stats.saturated()
                            ? longest() + ": shorten the work done on each, or raise maxSize"
                            : ": " + pool.failures().whyNoneComes()));
            pool.listener().onEvent(new PoolEvent.WaitingLong(stats.name(), wait, stats));
        }
    }

    private void checkUsage(PoolStats stats) {
        roundsHigh = stats.acquired() + stats.recovering() > HIGH * stats.maxSize() ? roundsHigh + 1 : 0;
        if (roundsHigh >= ROUNDS_HIGH && usage.isDue()) {
            usage.warn("pool " + stats.name() + ": more than 80 % have been in use for " + roundsHigh + " s, "
                    + figures(stats) + longest()
                    + ": callers will soon have to wait; shorten the work, or raise maxSize");
            pool.listener().onEvent(new PoolEvent.UsageHigh(stats.name(), stats));
        }
    }

    private static String figures(PoolStats stats) {
        return "acquired " + stats.acquired() + ", recovering " + stats.recovering() + ", idle " + stats.idle()
                + ", connecting " + stats.connecting() + ", pending " + stats.pending() + ", maxSize "
                + stats.maxSize();
    }

    private String longest() {
        String holders = fleet.leases().stream()
                .limit(NAMED)
                .map(Lease::holder)
                .map(holder -> holder.held().toMillis() + " ms by " + holder.acquiredAt()
                        + (holder.busy() ? "" : " with no statement under way"))
                .collect(Collectors.joining(", "));
        return holders.isEmpty() ? "" : ", longest held: " + holders;
    }

    private void checkHolders(String name) {
        pool.settings()
                .leakDetectionThreshold()
                .ifPresent(limit -> fleet.leases().stream()
                        .takeWhile(lease -> lease.heldNanos() >= limit.toNanos())
                        .filter(suspects::add)
                        .forEach(lease -> suspect(name, lease.holder())));
        suspects.removeIf(lease -> {
            if (lease.hasEnded()) {
                cleared(name, lease.holder());
            }
            return lease.hasEnded();
        });
    }

    private void suspect(String name, Holder holder) {
        log.warn(
                "pool {}: a connection has been out for {} ms: acquired at {}, last statement {}, backend {}; see that it is given back,"
                        + " or raise leakDetectionThreshold if it is to take so long",
                name,
                holder.held().toMillis(),
                holder.acquiredAt(),
                holder.lastStatement().isEmpty() ? "none" : holder.lastStatement(),
                holder.backendPid().isPresent() ? holder.backendPid().getAsInt() : "unknown");
        pool.listener().onEvent(new PoolEvent.LeakSuspected(name, holder));
    }

    private void cleared(String name, Holder holder) {
        log.info(
                "pool {}: the connection acquired at {} came back after {} ms",
                name,
                holder.acquiredAt(),
                holder.held().toMillis());
        pool.listener().onEvent(new PoolEvent.LeakReturned(name, holder));
    }
}
