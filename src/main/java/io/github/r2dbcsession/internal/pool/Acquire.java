package io.github.r2dbcsession.internal.pool;

import io.r2dbc.spi.Connection;
import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * Waits for a connection of the pool under one deadline. A connection arrives with the subscriber or goes back: one that comes after a
 * cancel or after the deadline is returned. Where a connection is idle and fresh, no timer is started and no thread changed.
 */
final class Acquire extends Mono<Lease> {

    private final LeasePool pool;
    private final Publisher<? extends Connection> source;
    private final Duration limit;
    private final CallSite callSite;
    private final boolean holding;

    /**
     * Prepares an acquire.
     *
     * @param callSite who asks
     * @param holding whether the caller has a connection already and cannot give it back before this one comes: such a one is lent to even
     *     while lending is suspended, or the pool about to close
     */
    Acquire(
            LeasePool pool,
            Publisher<? extends Connection> source,
            Duration limit,
            CallSite callSite,
            boolean holding) {
        this.pool = pool;
        this.source = source;
        this.limit = limit;
        this.callSite = callSite;
        this.holding = holding;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Lease> actual) {
        actual.onSubscribe(new Waiter(this, actual));
    }

    LeasePool pool() {
        return pool;
    }

    /** Where r2dbc-pool's connections come from. */
    Publisher<? extends Connection> source() {
        return source;
    }

    Duration limit() {
        return limit;
    }

    CallSite callSite() {
        return callSite;
    }

    boolean isHolding() {
        return holding;
    }
}
