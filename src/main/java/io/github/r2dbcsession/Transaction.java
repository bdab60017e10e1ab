package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An open transaction on a connection of its own. Thread-safe; statements run one after another.
 *
 * <p>The BEGIN is sent with its first statement, ahead of it; a transaction that runs none sends nothing at all.
 *
 * <p>It is made for {@code usingWhen}:
 *
 * <pre>{@code
 * Mono.usingWhen(db.beginTransaction(), tx -> tx.bind(work(tx)), Transaction::commit, (tx, e) -> tx.rollback(), Transaction::rollback)
 * }</pre>
 *
 * Reactor hands an error of the commit on as {@code RuntimeException("Async resource cleanup failed ...")} with ours as its cause; the
 * callback form {@link Database#inTransaction} hands it on as it is, and is the one to prefer.
 */
public interface Transaction extends SqlClient {

    /**
     * Commits and gives the connection back. Completes when the server has confirmed the commit by its command tag.
     *
     * <p>Fails with {@link TransactionRolledBackException} when the server rolled back instead, and with {@link CommitUnknownException}
     * when the connection was lost before the answer came. Cancelling does not take a commit back. Fails with {@link ScopeEndedException}
     * when the transaction has ended before.
     */
    Mono<Void> commit();

    /**
     * Rolls back and gives the connection back. Never fails: a connection on which the rollback cannot be sent is closed, which rolls
     * back too. Does nothing after the transaction has ended.
     */
    Mono<Void> rollback();

    /**
     * Lets no commit through any more: one that is asked for later, by the end of a block too, rolls back and fails with
     * {@link TransactionRolledBackException}. Does nothing after the transaction has ended.
     */
    void markRollbackOnly();

    /** Returns the work with this transaction in its Context, so that repositories built on the {@link Database} join it. */
    <T> Mono<T> bind(Mono<T> work);

    /** Returns the work with this transaction in its Context, so that repositories built on the {@link Database} join it. */
    <T> Flux<T> bind(Flux<T> work);
}
