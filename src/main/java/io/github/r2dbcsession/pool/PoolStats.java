package io.github.r2dbcsession.pool;

/**
 * A snapshot of a pool. Immutable.
 *
 * @param name the name of the database
 * @param acquired connections in the hands of callers
 * @param recovering connections that came back and are not yet known to be idle or closed
 * @param idle connections ready to be lent
 * @param connecting connections being made
 * @param pending callers waiting for a connection
 * @param maxSize how many connections there may be at most
 * @param minIdle how many are kept idle
 */
public record PoolStats(
        String name, int acquired, int recovering, int idle, int connecting, int pending, int maxSize, int minIdle) {

    /** How many connections are open: acquired, recovering and idle ones. */
    public int allocated() {
        return acquired + recovering + idle;
    }

    /** The share of the pool that is in use, from 0 to 1. */
    public double utilization() {
        return Math.min(1.0, (double) (acquired + recovering) / maxSize);
    }

    /** Says whether every connection the pool may have is in use while callers wait. */
    public boolean saturated() {
        return pending > 0 && acquired + recovering >= maxSize;
    }
}
