package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * What every connection passes on its way back. Only one that is provably idle comes out open; any other is closed, and the pool then
 * throws it away because it is closed.
 *
 * <p>The pool runs the gate to its end even when the caller who returns the connection cancels.
 */
final class Gate {

    /**
     * How long an answer that is nearly read may take: after an SQL error the server's ReadyForQuery can still be under way, and a
     * short answer that nobody wants any more is read to its end.
     */
    private static final Duration SETTLE_LIMIT = Duration.ofMillis(50);

    private final boolean reuse;

    /**
     * Sets the gate up.
     *
     * @param reuse whether idle connections are kept; without it each connection serves one lease
     */
    Gate(boolean reuse) {
        this.reuse = reuse;
    }

    /** Completes when the connection is either idle or closed. Never fails. */
    Mono<Void> pass(PhysicalConnection connection) {
        if (!reuse) {
            return connection.isIdle() ? connection.close() : connection.invalidate();
        }
        if (connection.isIdle()) {
            return Mono.empty();
        }
        return connection
                .settle(SETTLE_LIMIT)
                .then(Mono.defer(() -> connection.isIdle() ? Mono.empty() : connection.invalidate()));
    }
}
