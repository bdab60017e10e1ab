package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.Statements;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * A transaction on one lease.
 *
 * <p>Begin, commit and rollback are statements of our own: the driver's methods skip theirs by a status that lags behind the wire.
 */
final class DefaultTransaction implements OpenTransaction, Holding {

    private final Lease lease;
    private final Transactions transactions;
    private final TransactionOptions options;
    private final Failures failures;
    private final TransactionState state;
    private final AtomicReference<@Nullable Throwable> firstFailure = new AtomicReference<>();
    private final Hooks hooks = new Hooks();
    private final AtomicInteger savepoints = new AtomicInteger();
    private final @Nullable Holding outer;
    private final Begin begin;
    private final boolean byHand;
    private final @Nullable WatchedTransaction watched;
    private volatile boolean rollbackOnly;
    private volatile @Nullable TransactionId id;

    /**
     * Starts open.
     *
     * @param byHand whether the subscriber ends it; otherwise the block does that it was begun for
     */
    DefaultTransaction(
            Lease lease,
            Transactions transactions,
            TransactionOptions options,
            ContextValues values,
            ContextView context,
            boolean byHand) {
        this.lease = lease;
        this.transactions = transactions;
        this.options = options;
        this.failures = new Failures(transactions.described(options), options.isReadOnly());
        this.watched = transactions.telemetry().watch(options, context);
        this.state = new TransactionState(watched);
        this.outer = transactions.holding(context);
        this.begin = new Begin(this, lease, values);
        this.byHand = byHand;
    }

    @Override
    public TransactionOptions options() {
        return options;
    }

    /** The server sees to the time that the options give a statement. */
    @Override
    public StatementLimits limits() {
        return options.timePerStatement().isPresent() ? StatementLimits.NONE : transactions.statementLimits();
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

    Transactions transactions() {
        return transactions;
    }

    /** How it ended; null as long as it has not. */
    @Nullable
    TransactionOutcome outcome() {
        return state.outcome();
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
        return Mono.defer(() -> hooks.afterwards(state.outcome(), described()));
    }

    /** A quoted name that no other savepoint of the transaction has. */
    String nextSavepoint() {
        return "\"nested_" + savepoints.incrementAndGet() + "\"";
    }

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        Flux<T> run = statement(work).doOnError(failure -> {
            failed(failure);
            if (failure instanceof StatementCancelledException) {
                // One that was out of time may have been done all the same, and the server would commit it.
                markRollbackOnly();
            }
        });
        return watched != null && watched.adds() ? run.contextWrite(this::inside) : run;
    }

    @Override
    public Telemetry telemetry() {
        return transactions.telemetry();
    }

    /** Adds what listeners want work inside to have, unless it has entered before: it may have put something over it since. */
    private Context inside(Context context) {
        OpenTransaction open = transactions.open(context);
        return watched == null || (open != null && open.root() == this) ? context : watched.inside(context);
    }

    /** Runs a statement whose failure does not have to be the transaction's. */
    <T> Flux<T> statement(Function<? super Statements, ? extends Flux<T>> work) {
        return Flux.defer(() -> begin.isAnswered() ? send(work) : isOpen() ? begin.lead(work) : refused());
    }

    private <T> Flux<T> send(Function<? super Statements, ? extends Flux<T>> work) {
        return Flux.defer(() -> {
            long start = System.nanoTime();
            return isOpen()
                    ? work.apply(lease).onErrorMap(failure -> told(failure, Phase.STATEMENT, start))
                    : refused();
        });
    }

    /** What a failure of the driver means for the caller. */
    Throwable told(Throwable failure, Phase phase, long start) {
        return state.isExpired() ? expiry() : failures.told(failure, phase, () -> stoppedBy(start));
    }

    private StatementCancelledException.By stoppedBy(long start) {
        Duration ran = Duration.ofNanos(System.nanoTime() - start);
        if (lease.state() != Lease.State.ACQUIRED) {
            return StatementCancelledException.By.CALLER;
        }
        return options.timePerStatement()
                        .filter(limit -> limit.compareTo(ran) <= 0)
                        .isPresent()
                ? StatementCancelledException.By.DEADLINE
                : StatementCancelledException.By.SERVER;
    }

    /** Fails on demand, so that work which was cancelled on its way here gets no error that nobody is left to take. */
    private <T> Flux<T> refused() {
        return Flux.just(ended()).handle((ended, sink) -> sink.error(ended));
    }

    @Override
    public Mono<Void> commit() {
        if (!byHand) {
            return Mono.error(() -> isOpen()
                    ? new IllegalStateException(
                            "the " + described()
                                    + " commits when its work ends: to commit before that, use inUnitOfWork or beginTransaction")
                    : ended());
        }
        return commitOnly()
                .onErrorResume(failure -> lease.release().then(afterwards()).then(Mono.error(failure)))
                .then(lease.release())
                .then(afterwards())
                .doOnCancel(this::giveBack);
    }

    @Override
    public Mono<Void> rollback() {
        if (!byHand) {
            return Mono.fromRunnable(this::markRollbackOnly);
        }
        return rollbackOnly().then(lease.release()).then(afterwards()).doOnCancel(this::giveBack);
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return work.contextWrite(context -> transactions.open(inside(context), this));
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(context -> transactions.open(inside(context), this));
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
        return state.isOpen() && lease.state() == Lease.State.ACQUIRED;
    }

    RuntimeException ended() {
        return state.isExpired() ? expiry() : new ScopeEndedException(described());
    }

    @Override
    public String described() {
        return failures.scope();
    }

    /** Gives the handle form its deadline, so much of which is over. */
    void expireAfter(Duration spent) {
        options.deadline()
                .ifPresent(deadline -> state.expireIn(
                        deadline.minus(spent), () -> lease.release().subscribe()));
    }

    /** Ends the transaction because its deadline has passed; false when it has ended already. */
    boolean expire() {
        return state.expire();
    }

    /** What the caller of an expired transaction is told. */
    R2dbcException expiry() {
        Duration deadline = options.deadline().orElseThrow();
        return state.isExpired()
                ? new TransactionTimeoutException(described(), deadline)
                : unknown(new TimeoutException("the deadline of " + deadline.toMillis() + " ms has passed"));
    }

    /** Runs what was put off until here, commits, and leaves the lease with the caller. */
    Mono<Void> commitOnly() {
        return Mono.defer(() -> isOpen() && !rollbackOnly && (hooks.hasBeforeCommit() || options.isResolvable())
                ? bind(hooks.beforeCommit())
                        .then(Mono.defer(this::identify))
                        .onErrorResume(failure -> rollbackOnly().then(Mono.error(failure)))
                        .then(sendCommit())
                : sendCommit());
    }

    /** Learns its own id where that was asked for. No statement is let in any more, for it could be the first that writes. */
    private Mono<Void> identify() {
        if (!options.isResolvable() || !begin.isSent() || rollbackOnly || !state.close()) {
            return Mono.empty();
        }
        long start = System.nanoTime();
        return CommitResolver.identify(lease)
                .doOnNext(found -> id = found)
                .onErrorMap(failure -> told(failure, Phase.STATEMENT, start))
                .then();
    }

    private Mono<Void> sendCommit() {
        return Mono.<Void>defer(() -> {
            if (!state.commit()) {
                return Mono.error(ended());
            }
            if (rollbackOnly) {
                state.rollBackInstead();
                return sendRollback().then(Mono.error(this::rolledBack));
            }
            if (!begin.isSent()) {
                state.end(TransactionOutcome.COMMITTED);
                return Mono.empty();
            }
            return new Commit(this, lease, begin)
                    .send()
                    .doOnError(failure -> state.end(Commit.outcome(failure)))
                    .doOnSuccess(confirmed -> state.end(TransactionOutcome.COMMITTED))
                    .doOnCancel(this::abandon);
        });
    }

    Mono<Void> rollbackOnly() {
        return Mono.defer(() -> state.rollBack() ? sendRollback() : Mono.empty());
    }

    private Mono<Void> sendRollback() {
        return (begin.isSent() ? Rollback.send(lease) : Mono.<Void>empty())
                .then(Mono.fromRunnable(() ->
                        state.end(begin.hasVanished() ? TransactionOutcome.UNKNOWN : TransactionOutcome.ROLLED_BACK)));
    }

    TransactionRolledBackException rolledBack() {
        return new TransactionRolledBackException(described(), firstFailure.get());
    }

    NotCommittedException notCommitted(Throwable failure) {
        Throwable first = firstFailure.get();
        return new NotCommittedException(described(), first == null ? failure : first);
    }

    CommitUnknownException unknown(Throwable failure) {
        TransactionId known = id;
        return new CommitUnknownException(
                described(),
                failure,
                known,
                known == null ? null : transactions.resolver().resolve(known));
    }

    private void failed(@Nullable Throwable failure) {
        firstFailure.compareAndSet(null, failure);
    }

    /** The caller has cancelled: whatever was not committed is rolled back on the way back to the pool. */
    void abandon() {
        state.abandon();
    }

    private void giveBack() {
        abandon();
        lease.release().then(afterwards()).subscribe();
    }
}
