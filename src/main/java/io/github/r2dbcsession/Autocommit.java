package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementOverdueException;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.function.Function;
import reactor.core.publisher.Flux;

/** Runs statements outside a transaction, each of which commits itself, and says what has become of one that failed. */
final class Autocommit {

    private final Failures failures;

    /**
     * Speaks for one scope.
     *
     * @param scope what the statements run in, for messages
     */
    Autocommit(String scope) {
        this.failures = new Failures(scope, false);
    }

    /**
     * Runs one statement.
     *
     * @param writes whether it may write; what only reads may as well not have been run
     */
    <T> Flux<T> run(Lease lease, boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        Phase phase = lease.isOpen() ? Phase.AUTOCOMMIT : Phase.UNSENT;
        return work.apply(lease).onErrorMap(failure -> told(failure, phase, lease, writes));
    }

    private Throwable told(Throwable failure, Phase phase, Lease lease, boolean writes) {
        Throwable told = failures.told(
                failure,
                phase,
                () -> lease.state() == Lease.State.ACQUIRED
                        ? StatementCancelledException.By.SERVER
                        : StatementCancelledException.By.CALLER);
        if (writes || !(told instanceof StatementUnknownException)) {
            return told;
        }
        return failure instanceof StatementOverdueException overdue ? failures.stopped(overdue, phase) : failure;
    }
}
