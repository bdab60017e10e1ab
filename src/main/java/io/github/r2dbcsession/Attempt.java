package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** One run of a block, which may be cut off before it has its connection. */
final class Attempt {

    private final Transactions transactions;
    private final TransactionOptions options;
    private final ContextValues values;
    private final ContextView context;
    private volatile @Nullable DefaultTransaction transaction;

    Attempt(Transactions transactions, TransactionOptions options, ContextValues values, ContextView context) {
        this.transactions = transactions;
        this.options = options;
        this.values = values;
        this.context = context;
    }

    DefaultTransaction begin(Lease lease) {
        DefaultTransaction begun = new DefaultTransaction(lease, transactions, options, values, context, false);
        transaction = begun;
        return begun;
    }

    <E> Mono<E> afterwards() {
        return Mono.defer(() -> {
            DefaultTransaction begun = transaction;
            return begun == null ? Mono.empty() : begun.afterwards().then(Mono.empty());
        });
    }

    /** Whether it may have left something behind. */
    boolean left() {
        DefaultTransaction begun = transaction;
        return begun != null && begun.outcome() != TransactionOutcome.ROLLED_BACK;
    }

    boolean expire() {
        DefaultTransaction begun = transaction;
        return begun == null || begun.expire();
    }

    Throwable expiry() {
        DefaultTransaction begun = transaction;
        return begun == null ? transactions.timedOut(options) : begun.expiry();
    }
}
