package io.github.r2dbcsession;

import java.util.function.LongConsumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * Writes many rows into one table, all of them or none. Immutable and thread-safe; each subscription to a result writes once.
 *
 * <pre>{@code
 * record Account(long id, String owner, BigDecimal balance) {}
 *
 * Mono<Long> written = db.bulk("account", Account.class).upsert(accounts, "id");
 * }</pre>
 *
 * <p>A row is a record: component {@code ownerName} fills column {@code owner_name}, whose type the value is converted to; columns without a
 * component get their default. The table's columns are read once per subscription. For a column that is an array or a composite the value is
 * sent as text, but by {@link #copy}: a collection or an array, nested ones too, and a record.
 *
 * <p>All but {@link #copy} send rows in chunks, each as one array per component, and ask the publisher for the next chunk while one is
 * under way: at most two are in memory. {@link #copy} sends rows as they come, and asks for them on a thread of
 * {@link reactor.core.scheduler.Schedulers#parallel()}.
 *
 * <p>From a {@link Transaction}, or from the {@link Database} inside one that is open in the subscriber's Context, it runs in that
 * transaction behind a savepoint: what fails undoes what this has written, and leaves the transaction usable. A cancel undoes it too; the
 * transaction then only rolls back. From a {@link Session} it runs on its connection in a transaction of its own, for which other
 * statements of the session wait; a cancel ends the session. Otherwise it acquires a connection for a transaction with the database's
 * defaults. Rows must not be read on the connection that they are written on: each would wait for the other. What the publisher fails with is passed on. A row that the server refuses is {@link BulkException}, which
 * names it. To find it, a refused chunk is run again by parts, at most 18 times, and each time undone; triggers run and
 * sequences advance with it.
 *
 * @param <R> the record
 */
public interface Bulk<R> {

    /** Returns the same with chunks of so many rows, 1 to 100,000, by default 2,000. Wide rows want fewer: a chunk is one message. */
    Bulk<R> chunks(int rows);

    /**
     * Returns the same with somebody who is told, after each part, how many rows have been sent. Called on the thread of the connection or
     * of the publisher: it must not block.
     */
    Bulk<R> onProgress(LongConsumer rowsSoFar);

    /** Inserts rows and emits how many. */
    Mono<Long> insert(Publisher<? extends R> rows);

    /** Inserts the rows that break no unique constraint and emits how many those were. */
    Mono<Long> insertMissing(Publisher<? extends R> rows);

    /**
     * Inserts rows, and updates those that are there; emits how many it did either to. No chunk may have two rows of one key.
     *
     * @param key the columns of a unique constraint
     */
    Mono<Long> upsert(Publisher<? extends R> rows, String... key);

    /**
     * Updates the rows that are there and emits how many. Of several rows of one key in a chunk any one counts.
     *
     * @param key the columns that tell which row is meant; a null in them means none
     */
    Mono<Long> update(Publisher<? extends R> rows, String... key);

    /** Deletes the rows that are equal in every component and emits how many; a null is equal to nothing. */
    Mono<Long> delete(Publisher<? extends R> rows);

    /**
     * Runs a statement once for each chunk and emits how many rows they touched. It reads the chunk from {@code rows}, whose columns are
     * named and typed as the table's that the components fill:
     * {@code INSERT INTO account (id, owner) SELECT id, lower(owner) FROM rows ON CONFLICT DO NOTHING}.
     *
     * @param sql an INSERT, UPDATE, DELETE, MERGE or SELECT without parameters of its own and without a WITH
     */
    Mono<Long> run(String sql, Publisher<? extends R> rows);

    /**
     * Inserts rows by COPY in PostgreSQL's binary format and emits how many: the fastest way, without ON CONFLICT, past rules.
     *
     * <p>Each component's class has to fit its column: a whole number any integer column that holds it, text any text, JSON or enum column, a
     * collection or an array one that is an array of what its elements fit; inside one another they have to be of one length. Any other pair
     * fails with {@link io.github.r2dbcsession.sql.StatementException} before anything is sent; so does, with nothing kept,
     * a copy that had to wait for somebody who changed the columns.
     */
    Mono<Long> copy(Publisher<? extends R> rows);
}
