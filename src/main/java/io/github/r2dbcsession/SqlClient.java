package io.github.r2dbcsession;

import java.time.Duration;
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
     * Sends a message to all who {@link Database#listen(String) listen} to a channel, when and if the transaction around commits. Within one
     * transaction the same message is delivered once. Completes when the server has it. Emits nothing.
     *
     * @param channel exactly as it is, capitals included, from 1 to 63 bytes
     * @param payload less than 8,000 bytes
     */
    default Mono<Void> notify(String channel, String payload) {
        return sql("SELECT pg_catalog.pg_notify($1, $2)")
                .bind(1, ChannelName.checked(channel))
                .bind(2, payload)
                .rowsUpdated()
                .then();
    }

    /**
     * Returns this client with another default for {@link Query#timeout}: a session with limits of its own is
     * {@code session.withTimeout(ofSeconds(1))}.
     *
     * @param limit from 1 ms to 2147483647 ms
     */
    default SqlClient withTimeout(Duration limit) {
        TimeLimit.check("timeout", limit);
        return sql -> sql(sql).timeout(limit);
    }
}
