package io.github.r2dbcsession;

import reactor.core.publisher.Mono;

/**
 * Reads single rows by their keys, many at a time: loads that wait at the same moment go to the server as one statement. Keep one per
 * statement for as long as the {@link Database}. Thread-safe.
 *
 * <pre>{@code
 * Loader<Long, Account> accounts = db.loader(
 *         "SELECT id, owner, balance FROM account WHERE id = ANY(:ids)", Account.class, Account::id);
 *
 * Mono<Account> account = accounts.load(42L);
 * }</pre>
 *
 * <p>Nothing waits for a clock: a load is sent at once unless 2 statements of its kind are under way, and what comes meanwhile goes with
 * the next, 1,000 keys at most in each. Loads of one key in one statement share its row.
 *
 * <p>A load reads what had been committed when its statement began, which is after it was subscribed to; rows of two loads need not be of
 * one snapshot. Inside a transaction that is open in the subscriber's Context it runs in that transaction, as {@link Database#sql} does,
 * and is gathered with loads of the same transaction only; so are those inside one session or session scope, and those whose Context has
 * the same values for every {@link ContextSetting}: nobody's load runs with another tenant's settings. Otherwise the statement has the
 * Context of the load that came first.
 *
 * @param <K> a key: what the driver writes as an element of an array, with {@code equals} and {@code hashCode}
 * @param <V> what a row is mapped to
 */
public interface Loader<K, V> {

    /**
     * Reads the row with that key, or completes empty when there is none. Each subscription is one load.
     *
     * <p>Fails with {@link TooManyRowsException} when there are several; as a query does when the statement fails, along with the loads
     * that went with it, and with no others. Has no limit of its own beside that on the acquire: put {@code timeout} on it. A cancel
     * takes the load out; when the last load of a statement has been cancelled, the statement is, too. Emits on the thread of the
     * connection when the whole answer has been read: do not block there.
     */
    Mono<V> load(K key);

    /**
     * Returns a loader of the same rows with other limits, which gathers for itself.
     *
     * @param keys how many distinct keys a statement has at most, 1,000 by default
     * @param statements how many statements of one kind are under way at most, 2 by default; inside a transaction and where a connection
     *     is shared it is always 1
     */
    Loader<K, V> limits(int keys, int statements);
}
