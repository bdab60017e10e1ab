package io.github.r2dbcsession.jmx;

import java.util.List;

/** What JMX shows of a database, and lets an operator do. Nothing here waits. */
public interface DatabaseMXBean {

    /** The name of the database. */
    String getName();

    /** Connections in the hands of callers. */
    int getAcquired();

    /** Connections that came back and are not yet known to be idle or closed. */
    int getRecovering();

    /** Connections ready to be lent. */
    int getIdle();

    /** Connections being made. */
    int getConnecting();

    /** Callers waiting for a connection. */
    int getPending();

    /** Connections there may be at most. */
    int getMaxSize();

    /** The share of the pool that is in use, from 0 to 1. */
    double getUtilization();

    /** Who has the connections that are out, the longest first: since when, from where, with which statement, without values. */
    List<String> getHolders();

    /** {@code HEALTHY}, {@code DEGRADED} or {@code UNHEALTHY} by the last check, empty when there has been none; begins another. */
    String getHealth();

    /** The score of the last check, from 0 to 1; NaN when there has been none. */
    double getHealthScore();

    /** The findings of the last check, each with what was measured and what to do. */
    List<String> getHealthFindings();

    /** Closes the idle connections, and those that are out as they come back; returns how many were idle. */
    int evictIdle();

    /** Suspends lending until {@link #resume}; does not wait for what is out. */
    void suspend();

    /** Lends again. */
    void resume();
}
