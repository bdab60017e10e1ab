package io.github.r2dbcsession;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Runs SQL: what a {@link Database}, a {@link Session} and a {@link Transaction} have in common, and all that a repository needs.
 *
 * <p>A repository built on the {@link Database} takes part in the transaction that is open in the subscriber's Reactor Context;
 * handed a session or a transaction it uses just that one. Thread-safe.
 */
public interface SqlClient {

    /**
     * Starts a query. Nothing is sent before one of its results is subscribed to.
     *
     * @param sql one statement with {@code :name} or {@code $1} parameters; casts, quotes, comments and JSON operators are left alone
     * @throws io.github.r2dbcsession.sql.StatementException when the text cannot be read, mixes both kinds of parameters, or is a
     *     command that only the transaction API may send
     */
    Query sql(String sql);

    /**
     * Returns the way to write many rows into a table, all of them or none. Reads nothing yet.
     *
     * @param table the table as SQL names it: quoted where it needs to be, with its schema where that is not on the {@code search_path}
     * @param rows a record whose components are columns of the table
     * @throws io.github.r2dbcsession.sql.StatementException when the class is no record
     */
    <R> Bulk<R> bulk(String table, Class<R> rows);

    /**
     * Runs a {@code COPY ... FROM STDIN} of your own with data in the format it asks for, text, CSV or binary, and emits how many rows came
     * in: all or none.
     *
     * <p>Runs where {@link #bulk} does, and fails as that does: {@link BulkException} names the row, which is the line in text and mostly so
     * in CSV. The data is asked for as the server takes it. A cancel, or an error of the data, leaves nothing written. The session is reset
     * afterwards.
     *
     * @param data cut anywhere; each buffer is one message and should have some thousand bytes. It must not change once emitted
     * @throws io.github.r2dbcsession.sql.StatementException when the text is anything else
     */
    Mono<Long> copyIn(String sql, Publisher<ByteBuffer> data);

    /** Does the same with a file, which is read on a thread that may block. */
    default Mono<Long> copyIn(String sql, Path file) {
        return copyIn(sql, FileBuffers.of(file));
    }

    /**
     * Does the same and tells how far it is.
     *
     * @param bytesSoFar is told, after each part, how many bytes of the file have been read to be sent. Must not block
     */
    default Mono<Long> copyIn(String sql, Path file, LongConsumer bytesSoFar) {
        return copyIn(sql, FileBuffers.told(file, bytesSoFar));
    }

    /**
     * Runs a {@code COPY ... TO STDOUT} of your own and emits its data, cut anywhere, with the subscriber's demand.
     *
     * <p>Runs where {@link #sql} does. A cancel stops it on the server too. Emits on the thread of the connection: do not block. The session
     * is reset afterwards.
     *
     * @throws io.github.r2dbcsession.sql.StatementException when the text is anything else
     */
    Flux<ByteBuffer> copyOut(String sql);

    /**
     * Sends a message to all who {@link Database#listen(String) listen} to a channel, when and if the transaction around commits. Within one
     * transaction the same message is delivered once. Completes when the server has it. Emits nothing.
     *
     * @param channel exactly as it is, capitals included, from 1 to 63 bytes
     * @param payload less than 8,000 bytes in UTF-8
     */
    default Mono<Void> notify(String channel, String payload) {
        return sql("SELECT pg_catalog.pg_notify($1, $2)")
                .bind(1, ChannelName.checked(channel))
                .bind(2, Payload.checked(payload))
                .rowsUpdated()
                .then();
    }

    /**
     * Returns this client with another default for {@link Query#timeout}: a session with limits of its own is
     * {@code session.withTimeout(ofSeconds(1))}. Bulk writes and COPY are left alone: put them into a transaction with a deadline.
     *
     * @param limit from 1 ms to 2147483647 ms
     */
    default SqlClient withTimeout(Duration limit) {
        TimeLimit.check("timeout", limit);
        return new LimitedClient(this, limit);
    }
}
