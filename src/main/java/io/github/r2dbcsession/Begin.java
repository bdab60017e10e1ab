package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.spi.Result;
import reactor.core.publisher.Mono;

/**
 * The BEGIN of a transaction: sent once, ahead of the first statement; every statement waits for its answer. A transaction that ends
 * meanwhile has either seen {@link #isSent()} or is seen to have ended.
 */
final class Begin {

    private final DefaultTransaction transaction;
    private final Lease lease;
    private final ContextValues values;
    private final Mono<Void> once = Mono.defer(this::send).cache();
    private volatile boolean sent;
    private volatile boolean answered;

    Begin(DefaultTransaction transaction, Lease lease, ContextValues values) {
        this.transaction = transaction;
        this.lease = lease;
        this.values = values;
    }

    /** Whether it has been sent, or is about to be. */
    boolean isSent() {
        return sent;
    }

    /** Whether the server has begun the transaction. */
    boolean isAnswered() {
        return answered;
    }

    /** Completes when the server has begun the transaction, which the first subscription asks for. */
    Mono<Void> once() {
        return once;
    }

    private Mono<Void> send() {
        sent = true;
        if (!transaction.isOpen()) {
            return Mono.error(transaction.ended());
        }
        long start = System.nanoTime();
        return beginWithSettings()
                .onErrorMap(failure -> transaction.told(failure, Phase.BEGIN, start))
                .then(Mono.<Void>defer(() -> lease.inTransaction() ? Mono.empty() : Mono.error(vanished())))
                .doOnError(transaction::markRollbackOnly)
                .doOnSuccess(begun -> answered = true);
    }

    /** What the Context brought is sent behind the BEGIN without waiting for its answer: alone it would do nothing. */
    private Mono<Void> beginWithSettings() {
        Mono<Void> begin = lease.converse(transaction.options().beginSql(), statement -> {}, Result::getRowsUpdated)
                .then();
        return values.isEmpty() ? begin : Mono.when(begin, values.setLocally(lease));
    }

    private TransactionVanishedException vanished() {
        return new TransactionVanishedException(transaction.described(), Phase.BEGIN);
    }
}
