package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * What every connection passes on its way back. Only one that is provably idle comes out open; any other is closed, and the pool then
 * throws it away because it is closed.
 *
 * <p>One that is not idle is recovered where that is quick: its answer is read to the end, a statement that goes on is cancelled on the
 * server, an open transaction is rolled back. The pool runs the gate to its end even when the caller who returns the connection cancels.
 */
final class Gate {

    /** How long an answer may take that nobody wants any more, or whose end is under way, before it is cancelled. */
    private static final Duration SETTLE_LIMIT = Duration.ofMillis(50);

    /** How long a cancelled statement may take to end, and a barrier to be answered. */
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(1);

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
                .then(Mono.defer(() -> recover(connection)))
                .onErrorComplete()
                .then(Mono.defer(() -> connection.isIdle() ? Mono.empty() : connection.invalidate()));
    }

    private static Mono<Void> recover(PhysicalConnection connection) {
        if (connection.isIdle() || !connection.isOpen()) {
            return Mono.empty();
        }
        if (connection.isQuiet()) {
            return barrier(connection);
        }
        return connection
                .cancelStatement()
                .then(connection.settle(RECOVERY_LIMIT))
                .then(Mono.defer(() -> connection.isQuiet() ? barrier(connection) : Mono.empty()));
    }

    /** Rolls back what is open. Where nothing is, it still takes what a late cancel would otherwise do to the next borrower. */
    private static Mono<Void> barrier(PhysicalConnection connection) {
        String sql = connection.inTransaction() ? "ROLLBACK" : "SELECT 1";
        return connection
                .converse(sql, statement -> {}, Result::getRowsUpdated)
                .then()
                .timeout(RECOVERY_LIMIT);
    }
}
