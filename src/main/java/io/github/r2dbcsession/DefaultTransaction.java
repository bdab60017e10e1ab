package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

/**
 * A transaction on one lease. OPEN until it is committed, rolled back or given up; the step out of OPEN happens once.
 *
 * <p>Begin, commit and rollback are statements of our own: the driver's methods skip theirs by a status that lags behind the wire.
 */
final class DefaultTransaction implements Transaction, StatementScope {

    private static final Duration SETTLE_LIMIT = Duration.ofMillis(50);
    private static final Duration ROLLBACK_LIMIT = Duration.ofSeconds(1);

    private enum State {
        OPEN,
        COMMITTING,
        ENDED
    }

    private final Lease lease;
    private final DefaultDatabase database;
    private final long start = System.nanoTime();
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
    private final AtomicReference<@Nullable Throwable> firstFailure = new AtomicReference<>();
    private volatile boolean rollbackOnly;

    DefaultTransaction(Lease lease, DefaultDatabase database) {
        this.lease = lease;
        this.database = database;
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    public <T> Flux<T> run(Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.defer(() -> isOpen() ? work.apply(lease).doOnError(this::failed) : refused());
    }

    /** Fails on demand, so that work which was cancelled on its way here gets no error that nobody is left to take. */
    private <T> Flux<T> refused() {
        return Flux.just(ended()).handle((ended, sink) -> sink.error(ended));
    }

    /** Sends the BEGIN. */
    Mono<Void> begin() {
        return command("BEGIN");
    }

    /** Runs the work, then commits or rolls back; the lease stays with the caller. */
    <T> Mono<T> complete(Mono<T> work) {
        return bind(begin().then(work))
                .onErrorResume(failure -> rollbackOnly().then(Mono.error(failure)))
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(result -> commitOnly().then(Mono.justOrEmpty(result)))
                .doFinally(this::abandonOnCancel);
    }

    /** Does the same for many elements, which are emitted before the commit. */
    <T> Flux<T> complete(Publisher<T> work) {
        Flux<T> rolledBackOnError = bind(begin().thenMany(work))
                .onErrorResume(failure -> rollbackOnly().then(Mono.error(failure)));
        return rolledBackOnError.concatWith(commitOnly().then(Mono.empty())).doFinally(this::abandonOnCancel);
    }

    @Override
    public Mono<Void> commit() {
        return commitOnly()
                .onErrorResume(failure -> lease.release().then(Mono.error(failure)))
                .then(lease.release())
                .doOnCancel(this::giveBack);
    }

    @Override
    public Mono<Void> rollback() {
        return rollbackOnly().then(lease.release()).doOnCancel(this::giveBack);
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return work.contextWrite(context -> context.put(database.transactionKey(), this));
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(context -> context.put(database.transactionKey(), this));
    }

    /** Lets no commit through any more. */
    void markRollbackOnly(@Nullable Throwable cause) {
        rollbackOnly = true;
        failed(cause);
    }

    boolean isOpen() {
        return state.get() == State.OPEN && lease.state() == Lease.State.ACQUIRED;
    }

    ScopeEndedException ended() {
        return new ScopeEndedException("transaction on " + database.name());
    }

    private Mono<Void> commitOnly() {
        return Mono.defer(() -> {
            if (!state.compareAndSet(State.OPEN, State.COMMITTING)) {
                return Mono.error(ended());
            }
            if (rollbackOnly) {
                return sendRollback().then(Mono.error(rolledBack()));
            }
            boolean sent = lease.isOpen();
            return command("COMMIT")
                    .onErrorMap(failure -> commitFailure(failure, sent))
                    .then(Mono.defer(() -> lease.committed() ? Mono.empty() : Mono.error(rolledBack())))
                    .doOnError(failure -> finish(
                            failure instanceof CommitUnknownException
                                    ? TransactionOutcome.UNKNOWN
                                    : TransactionOutcome.ROLLED_BACK))
                    .then(Mono.fromRunnable(() -> finish(TransactionOutcome.COMMITTED)));
        });
    }

    private Mono<Void> rollbackOnly() {
        return Mono.defer(() -> state.compareAndSet(State.OPEN, State.COMMITTING) ? sendRollback() : Mono.empty());
    }

    /**
     * Rolls back where nothing else is under way on the connection; where something is, the rollback comes when the connection is given
     * back.
     */
    private Mono<Void> sendRollback() {
        return lease.settle(SETTLE_LIMIT)
                .then(Mono.defer(() -> lease.isQuiet() ? command("ROLLBACK").timeout(ROLLBACK_LIMIT) : Mono.empty()))
                .onErrorComplete()
                .then(Mono.fromRunnable(() -> finish(TransactionOutcome.ROLLED_BACK)));
    }

    private Throwable commitFailure(Throwable failure, boolean sent) {
        boolean answered = failure instanceof R2dbcException r2dbc
                && r2dbc.getSqlState() != null
                && !r2dbc.getSqlState().startsWith("08")
                && !r2dbc.getSqlState().startsWith("57P");
        return answered || !sent ? failure : new CommitUnknownException(database.name(), failure);
    }

    private TransactionRolledBackException rolledBack() {
        return new TransactionRolledBackException(firstFailure.get());
    }

    private void failed(@Nullable Throwable failure) {
        firstFailure.compareAndSet(null, failure);
    }

    /** The caller has cancelled: whatever was not committed is rolled back on the way back to the pool. */
    private void abandon() {
        finish(state.get() == State.COMMITTING ? TransactionOutcome.UNKNOWN : TransactionOutcome.ROLLED_BACK);
    }

    /** Comes after the cancel has reached the work, which therefore never sees the transaction ended under it. */
    private void abandonOnCancel(SignalType signal) {
        if (signal == SignalType.CANCEL) {
            abandon();
        }
    }

    private void giveBack() {
        abandon();
        lease.release().subscribe();
    }

    private void finish(TransactionOutcome outcome) {
        if (state.getAndSet(State.ENDED) != State.ENDED) {
            database.listeners().onTransaction(outcome, Duration.ofNanos(System.nanoTime() - start));
        }
    }

    private Mono<Void> command(String sql) {
        return lease.converse(sql, statement -> {}, Result::getRowsUpdated).then();
    }
}
