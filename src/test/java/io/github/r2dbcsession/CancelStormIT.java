package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Cancels transfers at random moments: with us none is left half done, and the same storm shows that it can happen. */
@DatabaseTest
class CancelStormIT {

    private static final int OPERATIONS = operations();
    private static final Duration LIMIT = Duration.ofMinutes(2).plusMillis(10L * OPERATIONS);
    private static final int POOL = 8;

    private final TestDatabase server = TestDatabase.get();
    private final String url = server.url(CancelStormIT.class);
    private final TransferStorm storm = new TransferStorm(server, TestDatabase.schema(CancelStormIT.class));

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void noCancelledTransferIsLeftHalfDone() {
        long seed = TransferStorm.seed();
        Database db = Database.builder(url)
                .pool(PoolSettings.builder().maxSize(POOL).build())
                .build();

        storm.run(OPERATIONS, seed, op -> transfer(db, op)).block(LIMIT);
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
            assertThat(db.stats().acquired()).isZero();
            assertThat(db.stats().recovering()).isZero();
        });
        boolean idleInTransaction = server.backends(TestDatabase.applicationName(CancelStormIT.class)).stream()
                .anyMatch(backend -> !backend.state().equals("idle"));
        db.close().block(LIMIT);

        assertThat(storm.acknowledged()).as("acknowledged, seed %d", seed).isPositive();
        assertThat(storm.halves()).as("half-committed, seed %d", seed).isZero();
        assertThat(storm.mixed()).as("legs in two transactions, seed %d", seed).isZero();
        assertThat(storm.lost()).as("acknowledged and absent, seed %d", seed).isZero();
        assertThat(idleInTransaction)
                .as("a pooled backend is not idle, seed %d", seed)
                .isFalse();
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void theSameStormBreaksBareUsingWhen() {
        int rounds = 0;
        while (storm.halves() + storm.mixed() == 0 && rounds++ < 20) {
            ConnectionPool pool = barePool();
            storm.run(2_000, TransferStorm.seed(), op -> bareTransfer(pool, op))
                    .timeout(Duration.ofSeconds(20), Mono.empty())
                    .then(pool.disposeLater())
                    .block(LIMIT);
        }

        assertThat(storm.halves() + storm.mixed())
                .as("broken transfers in %d rounds", rounds)
                .isPositive();
    }

    private static int operations() {
        return switch (System.getProperty("scale", "commit")) {
            case "weekly" -> 1_000_000;
            case "nightly" -> 300_000;
            default -> 2_000;
        };
    }

    private static Mono<Void> transfer(Database db, long operation) {
        return db.inTransaction(
                tx -> leg(tx, operation, 1).then(leg(tx, operation, 2)).then());
    }

    private static Mono<Long> leg(SqlClient client, long operation, int side) {
        return client.sql(TransferStorm.LEG).bind(1, operation).bind(2, side).rowsUpdated();
    }

    private ConnectionPool barePool() {
        PostgresqlConnectionConfiguration configuration = PostgresqlConnectionFactoryProvider.builder(
                        ConnectionString.parse(url).toConnectionFactoryOptions())
                .build();
        return new ConnectionPool(ConnectionPoolConfiguration.builder(new PostgresqlConnectionFactory(configuration))
                .maxSize(POOL)
                .initialSize(0)
                .maxAcquireTime(Duration.ofSeconds(2))
                .build());
    }

    /** What the documentation of R2DBC shows. */
    private static Mono<Void> bareTransfer(ConnectionPool pool, long operation) {
        return Mono.usingWhen(
                pool.create(),
                connection -> Mono.from(connection.beginTransaction())
                        .then(bareLeg(connection, operation, 1))
                        .then(bareLeg(connection, operation, 2))
                        .then(Mono.from(connection.commitTransaction())),
                Connection::close);
    }

    private static Mono<Long> bareLeg(Connection connection, long operation, int side) {
        return Flux.from(connection
                        .createStatement(TransferStorm.LEG)
                        .bind("$1", operation)
                        .bind("$2", side)
                        .execute())
                .flatMap(result -> result.getRowsUpdated())
                .then(Mono.just(1L));
    }
}
