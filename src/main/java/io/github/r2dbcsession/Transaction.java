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
     *
     * <p>Inside {@link Database#inTransaction} the end of the work commits: there it fails with {@link IllegalStateException}.
     */
    Mono<Void> commit();

    /**
     * Rolls back and gives the connection back. Never fails: a connection on which the rollback cannot be sent is closed, which rolls
     * back too. Does nothing after the transaction has ended.
     *
     * <p>Inside {@link Database#inTransaction} the end of the work rolls back: there it does what {@link #markRollbackOnly} does.
     */
    Mono<Void> rollback();

    /**
     * Lets no commit through any more: one that is asked for later, by the end of a block too, rolls back and fails with
     * {@link TransactionRolledBackException}. Does nothing after the transaction has ended.
     */
    void markRollbackOnly();

    /**
     * Puts an action off until just before the commit, within the transaction. Actions run in the order they came, those they add
     * included; one that fails rolls back, and the caller gets its error. None runs before a rollback.
     *
     * @throws ScopeEndedException when the transaction has ended
     */
    void beforeCommit(Mono<?> action);

    /**
     * Puts an action off until the commit has been confirmed and the connection given back, outside the transaction. Actions run in the
     * order they came, once, before the caller gets the result. One that fails is logged, the others run, and the caller sees nothing of
     * it: the transaction has committed. None runs after an unknown commit.
     *
     * <p>What nested work puts off waits for the transaction around it, and is dropped when only the nested work is undone.
     *
     * @throws ScopeEndedException when the transaction has ended
     */
    void afterCommit(Mono<?> action);

    /**
     * Puts an action off until the transaction has been rolled back and the connection given back, or after a cancel is being closed.
     * Failures are treated as in {@link #afterCommit}; after a cancel the actions run behind the caller's back. What nested work puts off
     * runs as soon as that is undone.
     *
     * @throws ScopeEndedException when the transaction has ended
     */
    void afterRollback(Mono<?> action);

    /**
     * Sets a setting of the server until the end of the transaction, as {@code SET LOCAL} does, with the value bound. Emits nothing.
     *
     * @param name a setting, or one of your own with a dot in its name
     */
    Mono<Void> setLocal(String name, String value);

    /** Waits for the advisory lock with this key and keeps it until the end of the transaction. Emits nothing. */
    Mono<Void> lock(long key);

    /** Takes the advisory lock with this key until the end of the transaction if it is free, and emits whether it was. */
    Mono<Boolean> tryLock(long key);

    /** Returns the work with this transaction in its Context, so that repositories built on the {@link Database} join it. */
    <T> Mono<T> bind(Mono<T> work);

    /** Returns the work with this transaction in its Context, so that repositories built on the {@link Database} join it. */
    <T> Flux<T> bind(Flux<T> work);
}
