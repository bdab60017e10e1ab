package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import java.time.Duration;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What every connection passes on its way back. Only one that is provably idle, with a session like a fresh one, comes out open; any other
 * is closed, and the pool then throws it away because it is closed.
 *
 * <p>One that is not idle is recovered where that is quick: its answer is read to the end, a statement that goes on is cancelled on the
 * server, an open transaction is rolled back. One whose session may have changed is reset. The pool runs the gate to its end even when
 * the caller who returns the connection cancels.
 */
final class Gate {

    /** How long an answer may take that nobody wants any more, or whose end is under way, before it is cancelled. */
    private static final Duration SETTLE_LIMIT = Duration.ofMillis(50);

    /** How long a cancelled statement may take to end before it is cancelled again, twice as long each time: 1 s in all. */
    private static final Duration FIRST_PAUSE = Duration.ofMillis(32);

    private static final Duration LAST_PAUSE = Duration.ofMillis(512);

    private final boolean reuse;
    private final ResetPolicy policy;
    private final Suspects suspects = new Suspects(System::nanoTime);

    /**
     * Sets the gate up.
     *
     * @param reuse whether idle connections are kept; without it each connection serves one lease
     * @param policy after which uses a kept connection is reset
     */
    Gate(boolean reuse, ResetPolicy policy) {
        this.reuse = reuse;
        this.policy = policy;
    }

    /** Whether a connection would pass with nothing to be done. */
    boolean isOpenFor(PhysicalConnection connection) {
        return connection.isIdle() && !connection.isDirty() && !isLearningDue();
    }

    /** Judges a statement by what is known of the database. */
    boolean mayChangeSession(BiPredicate<ResetPolicy, @Nullable Set<String>> statement) {
        return statement.test(policy, suspects.names());
    }

    /** Completes when the connection is either idle and clean or closed. Never fails. */
    Mono<Void> pass(PhysicalConnection connection) {
        if (!reuse) {
            return connection.isIdle() ? connection.close() : connection.invalidate();
        }
        if (isOpenFor(connection)) {
            return Mono.empty();
        }
        return connection
                .settle(SETTLE_LIMIT)
                .then(Mono.defer(() -> recover(connection)))
                .then(Mono.defer(() -> needsReset(connection) ? Reset.run(connection) : Mono.empty()))
                .then(Mono.defer(
                        () -> isLearningDue() && connection.isIdle() ? suspects.learn(connection) : Mono.empty()))
                .onErrorComplete()
                .then(Mono.defer(
                        () -> connection.isIdle() && !connection.isDirty() ? Mono.empty() : connection.invalidate()));
    }

    private static boolean needsReset(PhysicalConnection connection) {
        return connection.isDirty() && connection.isOpen() && connection.isQuiet();
    }

    private boolean isLearningDue() {
        return policy == ResetPolicy.DEFAULT && suspects.isDue();
    }

    /** Gets the connection quiet; a reset then rolls back what is open, and takes a cancel that comes late. */
    private static Mono<Void> recover(PhysicalConnection connection) {
        if (connection.isIdle() || !connection.isOpen()) {
            return Mono.empty();
        }
        connection.markDirty();
        return connection.isQuiet() ? Mono.empty() : stop(connection, FIRST_PAUSE);
    }

    /** Asks again while the statement goes on: a request that comes before the server has begun it does nothing. */
    private static Mono<Void> stop(PhysicalConnection connection, Duration pause) {
        return connection
                .cancelStatement()
                .then(connection.settle(pause))
                .then(Mono.defer(() -> connection.isQuiet() || !connection.isOpen() || pause.compareTo(LAST_PAUSE) >= 0
                        ? Mono.empty()
                        : stop(connection, pause.multipliedBy(2))));
    }
}
