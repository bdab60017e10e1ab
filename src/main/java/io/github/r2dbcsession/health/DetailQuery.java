package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.sql.Row;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

/** One statement that asks the server about itself; each fails alone. Immutable. */
final class DetailQuery {

    private static final String NOT_PERMITTED = "42501";

    static final List<DetailQuery> ALL = List.of(
            new DetailQuery(
                    "databaseName, serverVersion",
                    "SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version')",
                    DetailQuery::identity),
            new DetailQuery(
                    "tls",
                    "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()",
                    DetailQuery::tls),
            // What a role may not see of another's session is null, the type of its process included.
            new DetailQuery("connections, activeConnections", """
                    SELECT pg_catalog.count(*),
                           pg_catalog.count(*) FILTER (WHERE state = 'active'),
                           pg_catalog.count(*) FILTER (WHERE backend_type IS NULL)
                    FROM pg_catalog.pg_stat_activity
                    WHERE datname = pg_catalog.current_database()
                      AND (backend_type = 'client backend' OR backend_type IS NULL)""", DetailQuery::connections),
            new DetailQuery("maxConnections, idleInTransactionSessionTimeout", """
                    SELECT pg_catalog.current_setting('max_connections')::int,
                           pg_catalog.current_setting('superuser_reserved_connections')::int
                               + coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0),
                           (SELECT setting::bigint FROM pg_catalog.pg_settings
                            WHERE name = 'idle_in_transaction_session_timeout')""", DetailQuery::settings),
            new DetailQuery("databaseSize", """
                    SELECT size, pg_catalog.pg_size_pretty(size)
                    FROM (SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size) AS database""", DetailQuery::size));

    private final String what;
    private final String sql;
    private final Function<Row, Consumer<HealthDetails.Builder>> reader;

    private DetailQuery(String what, String sql, Function<Row, Consumer<HealthDetails.Builder>> reader) {
        this.what = what;
        this.sql = sql;
        this.reader = reader;
    }

    /** The details that it fills. */
    String what() {
        return what;
    }

    /**
     * Asks all, one after the other, and emits what was told until the limit. Never fails.
     *
     * @param drop is run where an answer is still owed then
     */
    static Mono<HealthDetails> askAll(Session session, Duration limit, Runnable drop) {
        return Flux.fromIterable(ALL)
                .concatMap(query -> query.run(session))
                .doFinally(signal -> {
                    if (signal == SignalType.CANCEL) {
                        drop.run();
                    }
                })
                .takeUntilOther(Mono.delay(limit))
                .collect(HealthDetails.Builder::new, HealthDetails.Builder::add)
                .map(HealthDetails.Builder::build);
    }

    /** Runs the statement and emits what to do to the builder: fill details in, or note why they are missing. Never fails. */
    Mono<Consumer<HealthDetails.Builder>> run(Session session) {
        return session.sql(sql)
                .<Consumer<HealthDetails.Builder>>map(reader)
                .one()
                .switchIfEmpty(Mono.fromSupplier(() -> missing("the server shows none")))
                .onErrorResume(failure -> Mono.just(missing(why(failure))));
    }

    private Consumer<HealthDetails.Builder> missing(String why) {
        return builder -> builder.missing(what, why);
    }

    private static String why(Throwable failure) {
        String sqlState = failure instanceof R2dbcException error ? error.getSqlState() : null;
        if (NOT_PERMITTED.equals(sqlState)) {
            return "this role has not the right (SQLSTATE " + NOT_PERMITTED + ")";
        }
        return "failed with " + (sqlState == null ? failure.getClass().getSimpleName() : "SQLSTATE " + sqlState);
    }

    private static Consumer<HealthDetails.Builder> identity(Row row) {
        String name = ServerText.cut(row.get(0, String.class));
        String version = ServerText.cut(row.get(1, String.class));
        return builder -> {
            builder.databaseName = name;
            builder.serverVersion = version;
        };
    }

    private static Consumer<HealthDetails.Builder> tls(Row row) {
        boolean tls = row.get(0, Boolean.class);
        return builder -> builder.tls = tls;
    }

    private static Consumer<HealthDetails.Builder> connections(Row row) {
        int all = row.get(0, Integer.class);
        int active = row.get(1, Integer.class);
        int hidden = row.get(2, Integer.class);
        return builder -> {
            builder.connections = all;
            if (hidden == 0) {
                builder.activeConnections = active;
            } else {
                builder.missing(
                        "activeConnections",
                        "this role may not watch " + hidden + " of " + all
                                + " connections; grant it pg_read_all_stats");
            }
        };
    }

    private static Consumer<HealthDetails.Builder> settings(Row row) {
        int maxConnections = row.get(0, Integer.class);
        int reserved = row.get(1, Integer.class);
        Duration idleInTransaction = Duration.ofMillis(row.get(2, Long.class));
        return builder -> {
            builder.maxConnections = maxConnections;
            builder.reservedConnections = reserved;
            builder.idleInTransactionSessionTimeout = idleInTransaction;
        };
    }

    private static Consumer<HealthDetails.Builder> size(Row row) {
        long size = row.get(0, Long.class);
        String pretty = ServerText.cut(row.get(1, String.class));
        return builder -> {
            builder.databaseSize = size;
            builder.databaseSizePretty = pretty;
        };
    }
}
