package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Where the transactions of a database come from: finds the one that is open in the Context, or begins one. */
final class Transactions {

    private final Object key = new Object();
    private final Object holdingKey = new Object();
    private final Object scopeKey = new Object();
    private final Object callSiteKey = new Object();
    private final SqlClient client;
    private final String database;
    private final NestedAcquires pool;
    private final TransactionOptions defaults;
    private final List<ContextSetting> contextSettings;
    private final StatementLimits statementLimits;
    private final Telemetry telemetry;
    private final CommitResolver resolver;
    private final Retries retries = new Retries();

    Transactions(
            Database database,
            LeasePool pool,
            TransactionOptions defaults,
            StatementLimits statementLimits,
            List<ContextSetting> contextSettings,
            Telemetry telemetry) {
        this.client = database;
        this.database = database.name();
        this.pool = new NestedAcquires(database.name(), pool);
        this.defaults = defaults;
        this.statementLimits = statementLimits;
        this.contextSettings = contextSettings;
        this.telemetry = telemetry;
        this.resolver = new CommitResolver(pool);
    }

    /** The limits of a statement that names none. */
    StatementLimits statementLimits() {
        return statementLimits;
    }

    /** The options of a transaction that was begun without any. */
    TransactionOptions defaults() {
        return defaults;
    }

    Telemetry telemetry() {
        return telemetry;
    }

    CommitResolver resolver() {
        return resolver;
    }

    Retries retries() {
        return retries;
    }

    /** The transaction that is open in a subscriber's Context. */
    @Nullable
    OpenTransaction open(ContextView context) {
        return context.getOrDefault(key, null);
    }

    Context open(Context context, OpenTransaction transaction) {
        return context.put(key, transaction);
    }

    /** Puts the open transaction aside. It keeps its connection, which is remembered. */
    Context suspend(Context context) {
        OpenTransaction open = open(context);
        return open == null ? context : context.delete(key).delete(scopeKey).put(holdingKey, open.root());
    }

    /** Remembers where in the application the work comes from. */
    Context at(Context context, CallSite callSite) {
        return context.put(callSiteKey, callSite);
    }

    /** Remembers a session, and what else keeps a connection while the work inside it runs. */
    Context holding(Context context, Holding held) {
        return context.put(holdingKey, held);
    }

    /** Has the work inside share a connection. */
    Context scope(Context context, SessionScope scope) {
        return context.put(scopeKey, scope).put(holdingKey, scope);
    }

    /** Has the work inside share that connection, whatever transaction it stands in. */
    Context inside(Context context, SessionScope scope) {
        return scope(suspend(context), scope);
    }

    /** Whether the work inside has one connection already. */
    boolean isShared(ContextView context) {
        return open(context) != null || context.hasKey(scopeKey);
    }

    /** A scope for work with that Context. */
    SessionScope newScope(ContextView context) {
        return SessionScope.over(
                "session scope on " + database, callSite -> acquireOwn(context, callSite), holding(context));
    }

    /** Where the work inside gets its connection, null where that is the pool. */
    @Nullable
    SessionScope scope(ContextView context) {
        return open(context) == null ? context.getOrDefault(scopeKey, null) : null;
    }

    /** Acquires a connection beside what is open in the Context, that of the scope or one of the pool. */
    Mono<Lease> acquire(ContextView context) {
        return acquire(context, context.hasKey(callSiteKey) ? context.get(callSiteKey) : CallSite.UNKNOWN);
    }

    /** Does the same for work from that place. */
    Mono<Lease> acquire(ContextView context, CallSite callSite) {
        SessionScope scope = scope(context);
        return scope == null ? acquireOwn(context, callSite) : scope.acquire(callSite);
    }

    /** Acquires a connection of the pool, or fails where none could ever come. */
    Mono<Lease> acquireOwn(ContextView context, CallSite callSite) {
        return pool.acquire(callSite, holding(context));
    }

    /** What keeps a connection while the subscriber waits for one. */
    @Nullable
    Holding holding(ContextView context) {
        OpenTransaction open = open(context);
        return open == null ? context.getOrDefault(holdingKey, null) : open.root();
    }

    /**
     * Runs work that emits one element at most.
     *
     * @param asked null where the caller asked for nothing: a new transaction then has the defaults, an open one is joined as it is
     */
    <T> Mono<T> one(@Nullable TransactionOptions asked, Function<? super Transaction, ? extends Mono<T>> work) {
        return run(asked, Work.one(work)).singleOrEmpty();
    }

    /** Runs work that emits many elements, as they come. */
    <T> Flux<T> many(@Nullable TransactionOptions asked, Function<? super Transaction, ? extends Publisher<T>> work) {
        return run(asked, Work.many(work));
    }

    private <T> Flux<T> run(@Nullable TransactionOptions asked, Work<T> work) {
        TransactionOptions options = asked == null ? defaults : asked;
        return Flux.deferContextual(context -> {
            OpenTransaction open = open(context);
            return open == null ? outside(options, work, context) : inside(open, asked, options, work, context);
        });
    }

    private <T> Flux<T> outside(TransactionOptions options, Work<T> work, ContextView context) {
        return switch (options.propagation()) {
            case REQUIRED, REQUIRES_NEW, NESTED -> begun(options, work::in, context);
            case SUPPORTS, NOT_SUPPORTED, NEVER -> without(options, work);
            case MANDATORY ->
                throw new PropagationException("work that demands an open transaction (MANDATORY) found none on "
                        + database + ": run it inside inTransaction");
        };
    }

    private <T> Flux<T> inside(
            OpenTransaction open,
            @Nullable TransactionOptions asked,
            TransactionOptions options,
            Work<T> work,
            ContextView context) {
        return switch (options.propagation()) {
            case REQUIRED, SUPPORTS, MANDATORY -> joined(open, asked, work);
            case REQUIRES_NEW -> begun(options, work::in, context);
            case NESTED -> nested(open, asked, work);
            case NOT_SUPPORTED -> without(options, work);
            case NEVER ->
                throw new PropagationException("work that demands that no transaction is open (NEVER) found the "
                        + open.described() + ": run it outside");
        };
    }

    /** Runs work that commits itself, in a new transaction. */
    <T> Mono<T> unit(@Nullable TransactionOptions asked, Function<? super UnitOfWork, ? extends Mono<T>> work) {
        TransactionOptions options = asked == null ? defaults : asked;
        if (asked != null) {
            requireNew("inUnitOfWork", asked);
        }
        return Flux.<T>deferContextual(context -> begun(
                        options,
                        block -> block.completeUnit(
                                        Mono.<T>defer(() -> work.apply(new DefaultUnitOfWork(block.transaction()))))
                                .flux(),
                        context))
                .singleOrEmpty();
    }

    private static void requireNew(String form, TransactionOptions asked) {
        Propagation propagation = asked.propagation();
        if (propagation != Propagation.REQUIRED && propagation != Propagation.REQUIRES_NEW) {
            throw new IllegalArgumentException(
                    "propagation must be REQUIRED or REQUIRES_NEW for " + form + ", was " + propagation);
        }
    }

    /** Emits a new transaction, which the subscriber ends. */
    Mono<Transaction> handle(@Nullable TransactionOptions asked, CallSite callSite) {
        TransactionOptions options = asked == null ? defaults : asked;
        if (asked != null) {
            requireNew("beginTransaction", asked);
            if (asked.retries() > 0) {
                throw new IllegalArgumentException(
                        "retry means nothing for beginTransaction, which has no block to run again:"
                                + " use inTransaction");
            }
        }
        return Mono.deferContextual(context -> {
            long start = System.nanoTime();
            ContextValues values = values(context);
            Flux<Lease> acquired =
                    TimeLimit.on(acquireOwn(context, callSite).flux(), options, () -> true, () -> timedOut(options));
            return acquired.singleOrEmpty().map(lease -> {
                DefaultTransaction transaction = new DefaultTransaction(lease, this, options, values, context, true);
                transaction.expireAfter(Duration.ofNanos(System.nanoTime() - start));
                return transaction;
            });
        });
    }

    /** What the Context brings for the settings of the server, or {@link ContextValueException} as a throw. */
    ContextValues values(ContextView context) {
        return ContextValues.of(contextSettings, context);
    }

    private <T> Flux<T> begun(TransactionOptions options, Function<Block, Flux<T>> block, ContextView context) {
        return begun(options, block, values(context), context);
    }

    /** Runs work in a transaction of its own. */
    <T> Flux<T> begun(
            TransactionOptions options, Function<Block, Flux<T>> block, ContextValues values, ContextView context) {
        return new Attempts<>(this, options, values, begun -> block.apply(new Block(begun)), context).run();
    }

    private <T> Flux<T> nested(OpenTransaction outer, @Nullable TransactionOptions asked, Work<T> work) {
        TransactionOptions options = asked == null ? defaults : asked;
        if (asked != null) {
            Joining.requireMet(asked, outer);
        }
        Flux<T> run = work.behind(new SavepointTransaction(outer, this, options));
        return TimeLimit.on(run, options, () -> true, () -> timedOut(options));
    }

    private <T> Flux<T> without(TransactionOptions options, Work<T> work) {
        if (options.isolationLevel().isPresent()
                || options.isReadOnly()
                || options.statementTimeout().isPresent()
                || options.lockTimeout().isPresent()) {
            throw new PropagationException("work that runs without a transaction (" + options.propagation()
                    + ") cannot have what only a BEGIN can set: " + options.beginSql());
        }
        Flux<T> run =
                Flux.<T>defer(() -> work.with(new NoTransaction(client, this))).contextWrite(this::suspend);
        return TimeLimit.on(run, options, () -> true, () -> timedOut(options));
    }

    private <T> Flux<T> joined(OpenTransaction outer, @Nullable TransactionOptions asked, Work<T> work) {
        TransactionOptions options = asked == null ? TransactionOptions.defaults() : asked;
        if (asked != null) {
            Joining.requireMet(asked, outer);
        }
        Flux<T> run = Flux.<T>defer(() -> work.with(new JoinedTransaction(outer)));
        return TimeLimit.on(run, options, () -> true, () -> timedOut(options))
                .doOnError(failure -> {
                    if (options.rollsBackOn(failure)) {
                        outer.markRollbackOnly(failure);
                    }
                })
                .doOnCancel(outer::markRollbackOnly);
    }

    TransactionTimeoutException timedOut(TransactionOptions options) {
        return new TransactionTimeoutException(
                described(options), options.deadline().orElseThrow());
    }

    String described(TransactionOptions options) {
        return "transaction " + options.name().map(name -> name + " ").orElse("") + "on " + database;
    }
}
