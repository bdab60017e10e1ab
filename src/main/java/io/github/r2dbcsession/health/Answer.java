package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.sql.Row;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What the server answered to the one statement of a check. Immutable.
 *
 * @param latency how long it took
 * @param standby whether the server is a standby; null where it does not tell
 * @param readOnly whether sessions on it cannot write
 * @param lag how far a standby is behind; null on a primary, and where a standby has replayed nothing yet
 * @param clockSkew by how much the server's clock is ahead of ours, beyond what the latency leaves open; null where it does not tell
 */
record Answer(
        Duration latency,
        @Nullable Boolean standby,
        boolean readOnly,
        @Nullable Duration lag,
        @Nullable Duration clockSkew) {

    /** A standby that has replayed all it was sent is not behind, however old the last transaction, if it is being sent any. */
    static final String FULL = """
            SELECT 1 AS health_check, pg_catalog.pg_is_in_recovery(),
                   pg_catalog.current_setting('transaction_read_only') = 'on',
                   CAST(extract(epoch FROM pg_catalog.clock_timestamp()) AS double precision),
                   CAST(CASE
                       WHEN NOT pg_catalog.pg_is_in_recovery() THEN NULL
                       WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()
                            AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN 0
                       ELSE extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())
                   END AS double precision)""";

    /** For what speaks PostgreSQL's protocol and lacks its functions. */
    static final String PLAIN = "SELECT 1 AS health_check";

    /** Asks and emits the answer. Fails as the statement does. */
    static Mono<Answer> full(Session session, Clock clock) {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return session.sql(FULL)
                    .map(row -> read(row, Duration.ofNanos(System.nanoTime() - start), clock.instant()))
                    .one();
        });
    }

    /** Does the same with {@link #PLAIN}. */
    static Mono<Answer> plain(Session session) {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return session.sql(PLAIN)
                    .as(Integer.class)
                    .one()
                    .map(one -> new Answer(Duration.ofNanos(System.nanoTime() - start), null, false, null, null));
        });
    }

    private static Answer read(Row row, Duration latency, Instant now) {
        Duration lag = row.find(4, Double.class).map(Answer::seconds).orElse(null);
        Duration ahead = Duration.between(
                now.minus(latency.dividedBy(2)), Instant.EPOCH.plus(seconds(row.get(3, Double.class))));
        Duration certain = ahead.abs().minus(latency.dividedBy(2));
        Duration skew = certain.isNegative() ? Duration.ZERO : ahead.isNegative() ? certain.negated() : certain;
        return new Answer(latency, row.get(1, Boolean.class), row.get(2, Boolean.class), lag, skew);
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
