package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Makes a session as it was after the login, in one round trip; what the driver has prepared stays prepared. PostgreSQL's own
 * {@code DISCARD ALL} would take that too, and runs in no text of several statements.
 */
final class Reset {

    /** How long it may take, with what must be rolled back before and deallocated afterwards. */
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private static final String SQL = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; "
            + "DISCARD TEMP; DISCARD SEQUENCES; "
            + "SELECT coalesce(pg_catalog.quote_ident(p.name), '') FROM pg_catalog.pg_advisory_unlock_all() "
            + "LEFT JOIN pg_catalog.pg_prepared_statements p ON p.from_sql";

    private Reset() {}

    /**
     * Resets the session and marks it clean, or fails within 1 s. A transaction that is open is rolled back before. Runs once more where
     * it fails, as it does when it meets a cancel that was sent to the statement before it.
     */
    static Mono<Void> run(PhysicalConnection connection) {
        return Mono.defer(() -> answer(connection, connection.inTransaction() ? "ROLLBACK; " + SQL : SQL)
                        .filter(prepared -> !prepared.isEmpty())
                        .collectList()
                        .flatMap(prepared -> deallocate(connection, prepared)))
                .retry(1)
                .timeout(LIMIT)
                .then(Mono.fromRunnable(connection::markClean));
    }

    /** What was prepared by SQL and not by the driver; there is no one statement that tells them apart. */
    private static Mono<Void> deallocate(PhysicalConnection connection, List<String> prepared) {
        return prepared.isEmpty()
                ? Mono.empty()
                : answer(
                                connection,
                                prepared.stream()
                                        .map(name -> "DEALLOCATE " + name)
                                        .collect(Collectors.joining("; ")))
                        .then();
    }

    private static Flux<String> answer(PhysicalConnection connection, String sql) {
        return connection.converse(
                sql, statement -> statement.fetchSize(0), result -> result.map(row -> row.get(0, String.class)));
    }
}
