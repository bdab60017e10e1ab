package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Where the transactions of a database come from: finds the one that is open in the Context, or begins one. */
final class Transactions {

    private static final List<IsolationLevel> WEAKEST_FIRST = List.of(
            IsolationLevel.READ_UNCOMMITTED,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.SERIALIZABLE);

    private final Object key = new Object();
    private final String database;
    private final LeasePool pool;
    private final TransactionOptions defaults;
    private final DatabaseListener listener;

    Transactions(String database, LeasePool pool, TransactionOptions defaults, DatabaseListener listener) {
        this.database = database;
        this.pool = pool;
        this.defaults = defaults;
        this.listener = listener;
    }

    String database() {
        return database;
    }

    DatabaseListener listener() {
        return listener;
    }

    /** The transaction that is open in a subscriber's Context. */
    @Nullable
    DefaultTransaction open(ContextView context) {
        return context.getOrDefault(key, null);
    }

    Context open(Context context, DefaultTransaction transaction) {
        return context.put(key, transaction);
    }

    /**
     * Runs work that emits one element at most.
     *
     * @param asked null where the caller asked for nothing: a new transaction then has the defaults, an open one is joined as it is
     */
    <T> Mono<T> one(@Nullable TransactionOptions asked, Function<? super Transaction, ? extends Mono<T>> work) {
        return Flux.<T>deferContextual(context -> {
                    DefaultTransaction outer = open(context);
                    return outer == null
                            ? begun(asked, tx -> tx.complete(Mono.<T>defer(() -> work.apply(tx))))
                            : joined(outer, asked, work);
                })
                .singleOrEmpty();
    }

    /** Runs work that emits many elements, as they come. */
    <T> Flux<T> many(@Nullable TransactionOptions asked, Function<? super Transaction, ? extends Publisher<T>> work) {
        return Flux.deferContextual(context -> {
            DefaultTransaction outer = open(context);
            return outer == null
                    ? begun(asked, tx -> tx.complete(Flux.<T>defer(() -> work.apply(tx))))
                    : joined(outer, asked, work);
        });
    }

    /** Emits a new transaction, which the subscriber ends. */
    Mono<Transaction> handle(@Nullable TransactionOptions asked) {
        TransactionOptions options = asked == null ? defaults : asked;
        return Mono.defer(() -> {
            long start = System.nanoTime();
            Flux<Lease> acquired = limited(
                    pool.acquire().flux(),
                    options,
                    () -> true,
                    () -> new TransactionTimeoutException(
                            described(options), options.deadline().orElseThrow()));
            return acquired.singleOrEmpty().map(lease -> {
                DefaultTransaction transaction = new DefaultTransaction(lease, this, options);
                transaction.expireAfter(Duration.ofNanos(System.nanoTime() - start));
                return transaction;
            });
        });
    }

    private <T> Flux<T> begun(
            @Nullable TransactionOptions asked, Function<DefaultTransaction, ? extends Publisher<T>> block) {
        TransactionOptions options = asked == null ? defaults : asked;
        Attempt attempt = new Attempt(options);
        Flux<T> run = Flux.usingWhen(pool.acquire(), lease -> block.apply(attempt.begin(lease)), Lease::release);
        return limited(run, options, attempt::expire, attempt::expiry);
    }

    private <T> Flux<T> joined(
            DefaultTransaction outer,
            @Nullable TransactionOptions asked,
            Function<? super Transaction, ? extends Publisher<T>> work) {
        TransactionOptions options = asked == null ? TransactionOptions.defaults() : asked;
        if (asked != null) {
            requireMet(asked, outer);
        }
        Flux<T> run = Flux.<T>defer(() -> work.apply(new JoinedTransaction(outer)));
        return limited(
                        run,
                        options,
                        () -> true,
                        () -> new TransactionTimeoutException(
                                described(options), options.deadline().orElseThrow()))
                .doOnError(failure -> {
                    if (options.rollsBackOn(failure)) {
                        outer.markRollbackOnly(failure);
                    }
                })
                .doOnCancel(outer::markRollbackOnly);
    }

    /** Refuses what joining would silently leave undone. */
    private static void requireMet(TransactionOptions asked, DefaultTransaction outer) {
        TransactionOptions open = outer.options();
        asked.isolationLevel().ifPresent(level -> {
            int weakest = Math.min(WEAKEST_FIRST.indexOf(level), WEAKEST_FIRST.indexOf(IsolationLevel.READ_COMMITTED));
            int there = open.isolationLevel().map(WEAKEST_FIRST::indexOf).orElse(weakest);
            int wanted = WEAKEST_FIRST.indexOf(level);
            if (there < wanted) {
                throw refusal(level.asSql(), outer);
            }
        });
        if (open.isReadOnly() && !asked.isReadOnly()) {
            throw refusal("reading and writing", outer);
        }
        if (asked.isDeferrable() && !open.isDeferrable()) {
            throw refusal("DEFERRABLE", outer);
        }
        if (asked.statementTimeout().isPresent() || asked.lockTimeout().isPresent()) {
            throw refusal("a statement or lock timeout of its own", outer);
        }
    }

    private static PropagationException refusal(String wanted, DefaultTransaction outer) {
        return new PropagationException("work that asks for " + wanted + " cannot join the open "
                + outer.described() + ", begun with " + outer.options().beginSql()
                + ": ask for it where that one begins");
    }

    /**
     * Cuts work off at its deadline.
     *
     * @param expire ends what the work is part of, unless that has ended already; then the work's own end is waited for
     */
    private static <T> Flux<T> limited(
            Flux<T> work, TransactionOptions options, BooleanSupplier expire, Supplier<? extends Throwable> failure) {
        return options.deadline()
                .map(deadline -> Flux.defer(() -> {
                    AtomicBoolean passed = new AtomicBoolean();
                    // An error in place of the tick would leave the work running.
                    return work.takeUntilOther(Mono.delay(deadline)
                                    .flatMap(tick -> expire.getAsBoolean() ? Mono.just(tick) : Mono.never())
                                    .doOnNext(tick -> passed.set(true)))
                            .concatWith(Mono.defer(() -> passed.get() ? Mono.error(failure) : Mono.empty()));
                }))
                .orElse(work);
    }

    String described(TransactionOptions options) {
        return "transaction " + options.name().map(name -> name + " ").orElse("") + "on " + database;
    }

    /** One run of a block, which may be cut off before it has its connection. */
    private final class Attempt {

        private final TransactionOptions options;
        private volatile @Nullable DefaultTransaction transaction;

        Attempt(TransactionOptions options) {
            this.options = options;
        }

        DefaultTransaction begin(Lease lease) {
            DefaultTransaction begun = new DefaultTransaction(lease, Transactions.this, options);
            transaction = begun;
            return begun;
        }

        boolean expire() {
            DefaultTransaction begun = transaction;
            return begun == null || begun.expire();
        }

        Throwable expiry() {
            DefaultTransaction begun = transaction;
            return begun == null
                    ? new TransactionTimeoutException(
                            described(options), options.deadline().orElseThrow())
                    : begun.expiry();
        }
    }
}
