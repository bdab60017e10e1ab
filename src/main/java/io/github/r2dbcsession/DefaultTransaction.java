package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

/**
 * A transaction on one lease. OPEN until it is committed, rolled back or given up; the step out of OPEN happens once.
 *
 * <p>Begin, commit and rollback are statements of our own: the driver's methods skip theirs by a status that lags behind the wire.
 */
final class DefaultTransaction implements OpenTransaction, Holding {

    private static final Duration SETTLE_LIMIT = Duration.ofMillis(50);
    private static final Duration ROLLBACK_LIMIT = Duration.ofSeconds(1);

    private enum State {
        OPEN,
        COMMITTING,
        ROLLING_BACK,
        ENDED,
        EXPIRED
    }

    private final Lease lease;
    private final Transactions transactions;
    private final TransactionOptions options;
    private final ContextValues values;
    private final long start = System.nanoTime();
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
    private final AtomicReference<@Nullable Throwable> firstFailure = new AtomicReference<>();
    private final Hooks hooks = new Hooks();
    private final AtomicInteger savepoints = new AtomicInteger();
    private final @Nullable Holding outer;
    private final Mono<Void> begin;
    private volatile boolean beginning;
    private volatile boolean begun;
    private volatile boolean rollbackOnly;
    private volatile @Nullable Disposable timer;
    private volatile @Nullable TransactionOutcome outcome;

    DefaultTransaction(
            Lease lease,
            Transactions transactions,
            TransactionOptions options,
            ContextValues values,
            @Nullable Holding outer) {
        this.lease = lease;
        this.transactions = transactions;
        this.options = options;
        this.values = values;
        this.outer = outer;
        this.begin = Mono.defer(this::sendBegin).cache();
    }

    @Override
    public TransactionOptions options() {
        return options;
    }

    @Override
    public DefaultTransaction root() {
        return this;
    }

    @Override
    public Lease lease() {
        return lease;
    }

    @Override
    public @Nullable Holding outer() {
        return outer;
    }

    @Override
    public Hooks hooks() {
        if (!isOpen()) {
            throw ended();
        }
        return hooks;
    }

    /** Keeps what nested work had put off and cannot see through any more. */
    void takeOver(Hooks nested) {
        nested.moveTo(hooks);
    }

    /** Runs what was put off until the end, once the connection has been given back. */
    Mono<Void> afterwards() {
        return Mono.defer(() -> outcome == TransactionOutcome.COMMITTED
                ? hooks.afterCommit(described())
                : outcome == TransactionOutcome.ROLLED_BACK ? hooks.afterRollback(described()) : Mono.empty());
    }

    /** A quoted name that no other savepoint of the transaction has. */
    String nextSavepoint() {
        return "\"nested_" + savepoints.incrementAndGet() + "\"";
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    public <T> Flux<T> run(Function<? super Lease, ? extends Flux<T>> work) {
        return statement(work).doOnError(this::failed);
    }

    /** Runs a statement whose failure does not have to be the transaction's. */
    <T> Flux<T> statement(Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.defer(() -> begun ? send(work) : isOpen() ? begin.thenMany(send(work)) : refused());
    }

    private <T> Flux<T> send(Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.defer(() -> isOpen() ? work.apply(lease) : refused())
                .onErrorMap(failure -> state.get() == State.EXPIRED, failure -> expiry());
    }

    /** Fails on demand, so that work which was cancelled on its way here gets no error that nobody is left to take. */
    private <T> Flux<T> refused() {
        return Flux.just(ended()).handle((ended, sink) -> sink.error(ended));
    }

    /**
     * Sends the BEGIN, once, ahead of the first statement; every statement waits for its answer. A transaction that ends meanwhile has
     * either seen {@link #beginning} or is seen to have ended.
     */
    private Mono<Void> sendBegin() {
        beginning = true;
        if (!isOpen()) {
            return Mono.error(ended());
        }
        return beginWithSettings().doOnError(this::markRollbackOnly).doOnSuccess(answered -> begun = true);
    }

    /** What the Context brought is sent behind the BEGIN without waiting for its answer: alone it would do nothing. */
    private Mono<Void> beginWithSettings() {
        Mono<Void> sent = command(options.beginSql());
        return values.isEmpty() ? sent : Mono.when(sent, values.setLocally(lease));
    }

    /** Runs the work, then commits or rolls back; the lease stays with the caller. */
    <T> Mono<T> complete(Mono<T> work) {
        return bind(work)
                .onErrorResume(failure -> endAfter(failure).then(Mono.error(failure)))
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(result -> commitOnly().then(Mono.justOrEmpty(result)))
                .doFinally(this::abandonOnCancel);
    }

    /** Does the same for many elements, which are emitted before the commit. */
    <T> Flux<T> complete(Flux<T> work) {
        return bind(work)
                .onErrorResume(failure -> endAfter(failure).then(Mono.error(failure)))
                .concatWith(commitOnly().then(Mono.empty()))
                .doFinally(this::abandonOnCancel);
    }

    /** Runs work that commits itself, and rolls back what it did not commit; the lease stays with the caller. */
    <T> Mono<T> completeUnit(Mono<T> work) {
        return bind(work)
                .onErrorResume(failure -> rollbackOnly().then(Mono.error(failure)))
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(result -> rollbackOnly().then(Mono.justOrEmpty(result)))
                .doFinally(this::abandonOnCancel);
    }

    /** Rolls back, unless the rules say that this error of the work does not. */
    private Mono<Void> endAfter(Throwable failure) {
        return Mono.defer(() -> options.rollsBackOn(failure) ? rollbackOnly() : commitOnly())
                .doOnError(second -> second != failure, second -> second.addSuppressed(failure))
                .onErrorResume(second -> rollbackOnly().then(Mono.error(second)));
    }

    @Override
    public Mono<Void> commit() {
        return commitOnly()
                .onErrorResume(failure -> lease.release().then(afterwards()).then(Mono.error(failure)))
                .then(lease.release())
                .then(afterwards())
                .doOnCancel(this::giveBack);
    }

    @Override
    public Mono<Void> rollback() {
        return rollbackOnly().then(lease.release()).then(afterwards()).doOnCancel(this::giveBack);
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return work.contextWrite(context -> transactions.open(context, this));
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(context -> transactions.open(context, this));
    }

    @Override
    public void markRollbackOnly() {
        rollbackOnly = true;
    }

    @Override
    public void markRollbackOnly(@Nullable Throwable cause) {
        rollbackOnly = true;
        failed(cause);
    }

    boolean isOpen() {
        return state.get() == State.OPEN && lease.state() == Lease.State.ACQUIRED;
    }

    RuntimeException ended() {
        return state.get() == State.EXPIRED ? expiry() : new ScopeEndedException(described());
    }

    @Override
    public String described() {
        return transactions.described(options);
    }

    /** Gives the handle form its deadline, so much of which is over. */
    void expireAfter(Duration spent) {
        options.deadline()
                .ifPresent(deadline -> timer = Mono.delay(deadline.minus(spent)).subscribe(tick -> {
                    if (expire()) {
                        lease.release().subscribe();
                    }
                }));
    }

    /** Ends the transaction because its deadline has passed; false when it has ended already. */
    boolean expire() {
        if (state.compareAndSet(State.OPEN, State.EXPIRED) || state.compareAndSet(State.ROLLING_BACK, State.EXPIRED)) {
            tell(TransactionOutcome.ROLLED_BACK);
            return true;
        }
        if (state.compareAndSet(State.COMMITTING, State.ENDED)) {
            tell(TransactionOutcome.UNKNOWN);
            return true;
        }
        return false;
    }

    /** What the caller of an expired transaction is told. */
    R2dbcException expiry() {
        TransactionTimeoutException passed =
                new TransactionTimeoutException(described(), options.deadline().orElseThrow());
        return state.get() == State.EXPIRED ? passed : new CommitUnknownException(described(), passed);
    }

    /** Runs what was put off until here, commits, and leaves the lease with the caller. */
    Mono<Void> commitOnly() {
        return Mono.defer(() -> isOpen() && !rollbackOnly
                ? bind(hooks.beforeCommit())
                        .onErrorResume(failure -> rollbackOnly().then(Mono.error(failure)))
                        .then(sendCommit())
                : sendCommit());
    }

    private Mono<Void> sendCommit() {
        return Mono.<Void>defer(() -> {
            if (!state.compareAndSet(State.OPEN, State.COMMITTING)) {
                return Mono.error(ended());
            }
            if (rollbackOnly) {
                state.compareAndSet(State.COMMITTING, State.ROLLING_BACK);
                return sendRollback().then(Mono.error(this::rolledBack));
            }
            if (!beginning) {
                finish(TransactionOutcome.COMMITTED);
                return Mono.empty();
            }
            boolean sent = lease.isOpen();
            return command("COMMIT")
                    .onErrorMap(failure -> commitFailure(failure, sent))
                    .then(Mono.defer(() -> lease.committed() ? Mono.empty() : Mono.error(rolledBack())))
                    .doOnError(failure -> finish(
                            failure instanceof CommitUnknownException
                                    ? TransactionOutcome.UNKNOWN
                                    : TransactionOutcome.ROLLED_BACK))
                    .then(Mono.<Void>fromRunnable(() -> finish(TransactionOutcome.COMMITTED)))
                    .doOnCancel(this::abandon);
        });
    }

    private Mono<Void> rollbackOnly() {
        return Mono.defer(() -> state.compareAndSet(State.OPEN, State.ROLLING_BACK) ? sendRollback() : Mono.empty());
    }

    /**
     * Rolls back where nothing else is under way on the connection; where something is, the rollback comes when the connection is given
     * back.
     */
    private Mono<Void> sendRollback() {
        if (!beginning) {
            finish(TransactionOutcome.ROLLED_BACK);
            return Mono.empty();
        }
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
        return answered || !sent ? failure : new CommitUnknownException(described(), failure);
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
        lease.release().then(afterwards()).subscribe();
    }

    private void finish(TransactionOutcome outcome) {
        State before = state.getAndUpdate(now -> now == State.EXPIRED ? now : State.ENDED);
        if (before != State.ENDED && before != State.EXPIRED) {
            tell(outcome);
        }
    }

    private void tell(TransactionOutcome how) {
        Disposable running = timer;
        if (running != null) {
            running.dispose();
        }
        outcome = how;
        transactions.listener().onTransaction(how, Duration.ofNanos(System.nanoTime() - start));
    }

    private Mono<Void> command(String sql) {
        return lease.converse(sql, statement -> {}, Result::getRowsUpdated).then();
    }
}
