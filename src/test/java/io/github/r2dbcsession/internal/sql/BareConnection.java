package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.internal.cell.CellCodecs;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import reactor.core.publisher.Flux;

/** One bare connection of the driver, in a schema of its own, for the tests of this package. */
final class BareConnection implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final PostgresqlConnection connection;

    private BareConnection() {
        TestDatabase server = TestDatabase.get();
        String schema = server.freshSchema(BareConnection.class);
        connection = Objects.requireNonNull(new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                        .host(server.host())
                        .port(server.port())
                        .username(server.user())
                        .password(server.password())
                        .database(server.database())
                        .schema(schema)
                        .codecRegistrar(CellCodecs::register)
                        .build())
                .create()
                .block(LIMIT));
    }

    static BareConnection of(ExtensionContext context) {
        return context.getRoot()
                .getStore(Namespace.create(BareConnection.class))
                .computeIfAbsent(BareConnection.class, key -> new BareConnection(), BareConnection.class);
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
    public void close() {
        connection.close().block(LIMIT);
        TestDatabase.get().dropSchema(BareConnection.class);
    }
}
