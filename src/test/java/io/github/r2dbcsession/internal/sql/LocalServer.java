package io.github.r2dbcsession.internal.sql;

import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import reactor.core.publisher.Flux;

/** One server and one bare connection of the driver for the tests of this package. */
final class LocalServer implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final EmbeddedPostgres server;
    private final PostgresqlConnection connection;

    private LocalServer() {
        try {
            server = EmbeddedPostgres.builder().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        connection = Objects.requireNonNull(new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                        .host("127.0.0.1")
                        .port(server.getPort())
                        .username("postgres")
                        .database("postgres")
                        .build())
                .create()
                .block(LIMIT));
    }

    static LocalServer of(ExtensionContext context) {
        return context.getRoot()
                .getStore(Namespace.create(LocalServer.class))
                .computeIfAbsent(LocalServer.class, key -> new LocalServer(), LocalServer.class);
    }

    /** Runs statements without parameters. */
    void run(String... statements) {
        for (String statement : statements) {
            connection
                    .createStatement(statement)
                    .execute()
                    .flatMap(result -> result.getRowsUpdated())
                    .blockLast(LIMIT);
        }
    }

    PostgresqlStatement statement(String text) {
        return connection.createStatement(text);
    }

    /** Runs a query as the layer above will. */
    <T> List<T> query(String sql, Bindings bindings, RowMapper<T> mapper) {
        ParsedSql parsed = ParsedSql.parse(sql);
        return Objects.requireNonNull(Flux.defer(() -> {
                    PostgresqlStatement statement = connection.createStatement(parsed.text());
                    bindings.bindTo(statement, parsed);
                    return statement.execute().flatMap(result -> result.map(mapper::map));
                })
                .collectList()
                .block(LIMIT));
    }

    <T> T one(String sql, Bindings bindings, Class<T> type) {
        return query(sql, bindings, RowMapper.of(type)).get(0);
    }

    <T> T one(String sql, Class<T> type) {
        return one(sql, Bindings.none(), type);
    }

    Object row(String sql, Function<io.github.r2dbcsession.sql.Row, ?> function) {
        return query(sql, Bindings.none(), RowMapper.<Object>of(function)).get(0);
    }

    @Override
    public void close() throws IOException {
        connection.close().block(LIMIT);
        server.close();
    }
}
