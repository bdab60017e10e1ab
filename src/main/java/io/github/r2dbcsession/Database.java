package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.pool.WarmUp;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A PostgreSQL database behind a pool of connections: where sessions and transactions come from. Thread-safe; keep one per database.
 *
 * <pre>{@code
 * Database db = Database.of("postgresql+psycopg2://app:y5[x@db:5432/shop?sslmode=require");
 *
 * Mono<Account> account = db.sql("SELECT id, owner, balance FROM account WHERE id = :id")
 *         .bind("id", 42)
 *         .as(Account.class)
 *         .one();
 *
 * Mono<Long> transfer = db.inTransaction(tx -> debit(tx, from, amount).then(credit(tx, to, amount)));
 * }</pre>
 *
 * <p>{@link #sql} run on the database takes the transaction that is open on it in the subscriber's Reactor Context, or else acquires a
 * connection for that one statement. Every acquire waits at most {@link PoolSettings#maxAcquireTime()} and then fails with
 * {@link io.github.r2dbcsession.pool.AcquireTimeoutException}. Signals arrive on driver threads: do not block there.
 */
public interface Database extends SqlClient {

    /**
     * Returns a database with default settings. Reads and checks the string; opens nothing.
     *
     * @param connectionString a libpq, JDBC, SQLAlchemy or R2DBC string
     * @throws io.github.r2dbcsession.config.InvalidConnectionStringException when the string cannot be understood or honoured
     */
    static Database of(String connectionString) {
        return builder(connectionString).build();
    }

    /**
     * Returns a builder. Reads and checks the string; opens nothing.
     *
     * @param connectionString a libpq, JDBC, SQLAlchemy or R2DBC string
     * @throws io.github.r2dbcsession.config.InvalidConnectionStringException when the string cannot be understood or honoured
     */
    static DatabaseBuilder builder(String connectionString) {
        return builder(ConnectionString.parse(connectionString));
    }

    /** Returns a builder for a connection string that was parsed before. */
    static DatabaseBuilder builder(ConnectionString connectionString) {
        return new DatabaseBuilder(connectionString);
    }

    /**
     * Returns a loader, which answers many loads of single rows by one statement. Keep it.
     *
     * @param sql a statement with one parameter, which takes the keys as an array: {@code WHERE id = ANY(:ids)}
     * @param row what a row is mapped to, as {@link Query#as} does
     * @param key tells the key that a row was loaded by, equal to the one asked for and of its class
     * @throws io.github.r2dbcsession.sql.StatementException when the text cannot be read or has not just one parameter
     */
    <K, V> Loader<K, V> loader(String sql, Class<V> row, Function<? super V, ? extends K> key);

    /** The name given when it was built, by default {@code database@host}; it appears in errors, logs and meter tags. */
    String name();

    /** The connection string it was built from. */
    ConnectionString connectionString();

    /** The pool's settings. */
    PoolSettings poolSettings();

    /** A snapshot of the pool's figures. */
    PoolStats stats();

    /**
     * Who has the connections that are out, since when, from which line of the application and with which statement; those who have held
     * longest first. A moment's view.
     */
    List<Holder> holders();

    /**
     * Emits what happens in the pool from the subscription on, until the database has been closed. Costs nothing while nobody is subscribed.
     *
     * <p>Each subscriber has a buffer of 1,024 events. When it is full the oldest are dropped, and {@link PoolEvent.Missed} tells how many.
     * Emits on a thread of {@link reactor.core.scheduler.Schedulers#parallel()}: do not block.
     */
    Flux<PoolEvent> poolEvents();

    /**
     * Listens to a channel from the subscription on, until the subscriber cancels or the database is closed, which completes. The first
     * signal is a {@link Notification.Gap} that says so; then come the messages of transactions that commit, each once.
     *
     * <p>All subscribers and channels share one connection outside the pool, made for the first and closed after the last. When it is lost it
     * is made again, as often as it takes, after a random pause that grows to about 13 s, and a gap is marked; whether a silent one still
     * lives is looked at every 15 s. Fails only where the first connect fails for a reason that time does not mend, or the server
     * refuses to listen, as a standby does.
     *
     * <p>Each subscriber has a buffer of 1,024 messages. When it is full the oldest are dropped, and a gap is marked. Emits on a thread of
     * {@link reactor.core.scheduler.Schedulers#parallel()}: do not block.
     *
     * @param channel exactly as it is, capitals included, from 1 to 63 bytes
     */
    Flux<Notification> listen(String channel);

    /**
     * Acquires a connection, runs the work on it and gives it back on complete, error and cancel.
     *
     * <p>Emits what the work emits. Each statement commits on its own. The session must not be used after the work has ended. Inside a
     * transaction that is open on this database in the subscriber's Context it is on the connection of that, and commits with it.
     */
    <T> Mono<T> inSession(Function<? super Session, ? extends Mono<T>> work);

    /** Does the same for work that emits many elements. */
    <T> Flux<T> inSessionMany(Function<? super Session, ? extends Publisher<T>> work);

    /**
     * Acquires a connection as a session that the subscriber closes, made for
     * {@code usingWhen(db.openSession(), work, Session::close)}.
     *
     * <p>Cancelling before the session is emitted gives everything back; afterwards closing is the subscriber's duty. Work that
     * takes a further connection is known to hold this one, and to be able to share it, inside {@link Session#bind(Mono)} only.
     */
    Mono<Session> openSession();

    /**
     * Has everything inside the work share one connection: statements run on this database, sessions and transactions.
     *
     * <p>The first that needs a connection acquires it, work that needs none acquires none, and it is given back when the work completes,
     * fails or is cancelled. What runs inside has the connection one after another, a session or a transaction for as long as it lasts,
     * however many are subscribed to at once. Where something is cut off so that the connection has to be recovered, the next gets another.
     * Inside an open transaction or another scope it changes nothing. {@link #openSession()}, {@link #beginTransaction()} and
     * {@link Propagation#REQUIRES_NEW} inside a transaction acquire connections of their own.
     */
    <T> Mono<T> sessionScope(Mono<T> work);

    /** Does the same for work that emits many elements. */
    <T> Flux<T> sessionScope(Flux<T> work);

    /**
     * Connects outside the pool, so that it never waits behind the application, and emits a session on that connection. Closing the
     * session closes the connection, and so does closing the database. For probes and for connections that live long.
     */
    Mono<Session> openDedicatedSession();

    /**
     * Runs the work in a transaction: commits when it completes, rolls back when it fails or is cancelled.
     *
     * <p>Acquires the connection first; the BEGIN is sent with the first statement, ahead of it, so that work which runs none sends
     * nothing. Emits what the work emits, after the commit has been confirmed; fails with the work's own error after the rollback, or
     * as {@link Transaction#commit()} does. Inside a transaction that is open on this database in the subscriber's Context it joins that
     * one: the outer transaction then commits, and an error that leaves the inner work marks it for rollback.
     */
    <T> Mono<T> inTransaction(Function<? super Transaction, ? extends Mono<T>> work);

    /**
     * Does the same in a transaction with these options. Inside one that is open they are what the work asks of it: fails with
     * {@link PropagationException} when it cannot be had there. {@link TransactionOptions#propagation} tells which of the two it is
     * to be; where work runs without a transaction, each of its statements commits on its own. A second connection beside an open
     * transaction that could never come is {@link NestedAcquireException}.
     */
    <T> Mono<T> inTransaction(TransactionOptions options, Function<? super Transaction, ? extends Mono<T>> work);

    /**
     * Does the same as {@link #inTransaction(Function)} for work that emits many elements. They are emitted as they come, before the
     * commit; the completion follows it. A subscriber that cancels early, as {@code take(n)} does, rolls back.
     */
    <T> Flux<T> inTransactionMany(Function<? super Transaction, ? extends Publisher<T>> work);

    /** Does the same in a transaction with these options; see {@link #inTransaction(TransactionOptions, Function)}. */
    <T> Flux<T> inTransactionMany(
            TransactionOptions options, Function<? super Transaction, ? extends Publisher<T>> work);

    /** Returns the work as {@link #inTransaction(Function)} runs it, for {@code work.as(db::transactional)}. */
    <T> Mono<T> transactional(Mono<T> work);

    /** Returns the work as {@link #inTransactionMany(Function)} runs it, for {@code work.as(db::transactional)}. */
    <T> Flux<T> transactional(Flux<T> work);

    /**
     * Runs the work in a new transaction that commits only when the work subscribes to {@link UnitOfWork#commit()}: when it completes
     * without, fails or is cancelled, it is rolled back.
     *
     * <p>Emits what the work emits. Never joins: inside an open transaction it is one beside it, on a second connection.
     */
    <T> Mono<T> inUnitOfWork(Function<? super UnitOfWork, ? extends Mono<T>> work);

    /** Does the same in a transaction with these options, of which rollback rules have no say. */
    <T> Mono<T> inUnitOfWork(TransactionOptions options, Function<? super UnitOfWork, ? extends Mono<T>> work);

    /**
     * Acquires a connection for a transaction that the subscriber ends by {@link Transaction#commit()} or
     * {@link Transaction#rollback()}.
     *
     * <p>Always a new one. Cancelling before it is emitted gives everything back. Work joins it inside {@link Transaction#bind(Mono)}.
     */
    Mono<Transaction> beginTransaction();

    /**
     * Does the same for a transaction with these options. At the deadline its connection is closed, and what the transaction is used for
     * later fails with {@link TransactionTimeoutException}. Rollback rules have no say here: the subscriber decides.
     */
    Mono<Transaction> beginTransaction(TransactionOptions options);

    /**
     * Opens connections side by side until so many are open, runs a statement on each, and emits how long each took.
     *
     * @param sessions how many, from 1 to {@link PoolSettings#maxSize()}
     */
    Mono<WarmUp> warmUp(int sessions);

    /**
     * Adds a listener, until the returned handle is disposed. A listener that throws is logged once and harms nobody.
     */
    Disposable listen(DatabaseListener listener);

    /**
     * Changes how many connections there may be, in SQLAlchemy's words. What is too much then is closed as soon as it is idle.
     *
     * @throws IllegalArgumentException when the other settings do not fit, as where {@code minIdle} is more
     */
    Mono<Void> resize(int size, int maxOverflow);

    /**
     * Closes every idle connection, and each that is out when it comes back; emits how many were idle. New ones are made as they are needed.
     * For the time after a failover, or when the server's settings have changed. Never fails.
     */
    Mono<Integer> evictIdle();

    /**
     * Suspends lending until {@link #resume()}: acquires wait, within their deadlines. Completes when every connection that is out has come
     * back; lending stays suspended even if the subscriber does not wait for that.
     *
     * <p>Work that holds a connection and needs a second one still gets it, or it could not come to its end.
     */
    Mono<Void> suspend();

    /** Lends again. Does nothing when lending is not suspended. */
    Mono<Void> resume();

    /**
     * Closes the database when work under way has ended, or at the limit: waiting and new acquires fail with
     * {@link io.github.r2dbcsession.pool.PoolClosedException}, except for work that holds a connection and needs a second one. What is out at
     * the limit loses its connection, and what the server does for it is stopped, which takes 1 s at most. Emits what became of it once no connection is left, the same to everyone who asks; the shortest limit
     * counts. Never fails, and a cancel changes nothing.
     *
     * @param limit 0 or more
     */
    Mono<DrainReport> drain(Duration limit);

    /** Does the same with the drain time of the builder, 10 s by default, and tells nothing. Safe to call twice. */
    Mono<Void> close();
}
