package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.internal.connection.IdleConnections;
import reactor.core.publisher.Mono;

/** Lends connections that come from no pool. */
public final class Leases {

    private static final Gate GATE = new Gate(true, ResetPolicy.TRUSTING);

    private Leases() {}

    /** One on a connection that is idle. */
    public static Lease idle() {
        return new Lease(
                IdleConnections.idle(), GATE, Home.of(Mono.empty()), new Figures(), Audience.NOBODY, CallSite.UNKNOWN);
    }
}
