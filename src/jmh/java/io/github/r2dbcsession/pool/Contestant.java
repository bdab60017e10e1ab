package io.github.r2dbcsession.pool;

import static io.r2dbc.spi.ConnectionFactoryOptions.DATABASE;
import static io.r2dbc.spi.ConnectionFactoryOptions.DRIVER;
import static io.r2dbc.spi.ConnectionFactoryOptions.HOST;
import static io.r2dbc.spi.ConnectionFactoryOptions.PASSWORD;
import static io.r2dbc.spi.ConnectionFactoryOptions.PORT;
import static io.r2dbc.spi.ConnectionFactoryOptions.USER;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.micrometer.DatabaseMetrics;
import io.github.r2dbcsession.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What is compared: the same work on the same server through a pool of the same size. */
interface Contestant extends AutoCloseable {

    int POOL_SIZE = 16;

    /** A row of the table that is read. */
    record Account(long id, String owner, int balance) {}

    /** Reads one row by its key. */
    Mono<Account> read(long id);

    /** Acquires a connection and releases it. */
    Mono<Void> acquireAndRelease();

    @Override
    void close();

    /** The bare driver and pool. */
    static Contestant bare() {
        return new Bare(bareSettings().build());
    }

    /** The same with a limit on the acquire. */
    static Contestant bareWithLimit() {
        return new Bare(bareSettings().maxAcquireTime(Duration.ofSeconds(30)).build());
    }

    /** Ours with its defaults: limits and all guarantees on. */
    static Contestant ours() {
        return new Ours(database());
    }

    /** The same with meters. */
    static Contestant oursWithMeters() {
        Database database = database();
        DatabaseMetrics.of(database).bindTo(new SimpleMeterRegistry());
        return new Ours(database);
    }

    private static Database database() {
        return Database.builder(TestDatabase.get().url())
                .pool(PoolSettings.builder().maxSize(POOL_SIZE).build())
                .drainTime(Duration.ZERO)
                .build();
    }

    private static ConnectionPoolConfiguration.Builder bareSettings() {
        TestDatabase server = TestDatabase.get();
        return ConnectionPoolConfiguration.builder(ConnectionFactories.get(ConnectionFactoryOptions.builder()
                        .option(DRIVER, "postgresql")
                        .option(HOST, server.host())
                        .option(PORT, server.port())
                        .option(USER, server.user())
                        .option(PASSWORD, server.password())
                        .option(DATABASE, server.database())
                        .build()))
                .maxSize(POOL_SIZE);
    }

    /** As one writes it without a layer on top. */
    final class Bare implements Contestant {

        private final ConnectionPool pool;

        Bare(ConnectionPoolConfiguration configuration) {
            this.pool = new ConnectionPool(configuration);
        }

        @Override
        public Mono<Account> read(long id) {
            return Mono.usingWhen(
                    pool.create(),
                    connection -> Flux.from(connection
                                    .createStatement("SELECT id, owner, balance FROM account WHERE id = $1")
                                    .bind(0, id)
                                    .execute())
                            .flatMap(result -> result.map(Bare::account))
                            .singleOrEmpty(),
                    Connection::close);
        }

        private static Account account(Readable row) {
            return new Account(
                    row.get("id", Long.class), row.get("owner", String.class), row.get("balance", Integer.class));
        }

        @Override
        public Mono<Void> acquireAndRelease() {
            return Mono.usingWhen(pool.create(), connection -> Mono.empty(), Connection::close);
        }

        @Override
        public void close() {
            pool.disposeLater().block();
        }
    }

    /** As the README shows it. */
    final class Ours implements Contestant {

        private final Database database;

        Ours(Database database) {
            this.database = database;
        }

        @Override
        public Mono<Account> read(long id) {
            return database.sql("SELECT id, owner, balance FROM account WHERE id = :id")
                    .bind("id", id)
                    .as(Account.class)
                    .one();
        }

        @Override
        public Mono<Void> acquireAndRelease() {
            return database.inSession(session -> Mono.empty());
        }

        @Override
        public void close() {
            database.close().block();
        }
    }
}
