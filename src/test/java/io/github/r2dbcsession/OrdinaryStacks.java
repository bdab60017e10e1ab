package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The same transfer as it is written without this library, on r2dbc-pool as it is. */
final class OrdinaryStacks {

    private OrdinaryStacks() {}

    static ConnectionPool pool(String url, int size) {
        PostgresqlConnectionConfiguration configuration = PostgresqlConnectionFactoryProvider.builder(
                        ConnectionString.parse(url).toConnectionFactoryOptions())
                .build();
        return new ConnectionPool(ConnectionPoolConfiguration.builder(new PostgresqlConnectionFactory(configuration))
                .maxSize(size)
                .initialSize(0)
                .maxAcquireTime(Duration.ofSeconds(2))
                .build());
    }

    /** What the documentation of R2DBC shows. */
    static Mono<Long> usingWhen(ConnectionPool pool, Transfer transfer) {
        return Mono.usingWhen(
                pool.create(),
                connection -> {
                    transfer.reached(Transfer.Step.IN_TRANSACTION);
                    return Mono.from(connection.beginTransaction())
                            .then(leg(connection, transfer, 1))
                            .doOnNext(written -> transfer.reached(Transfer.Step.FIRST_WRITTEN))
                            .then(leg(connection, transfer, 2))
                            .doOnNext(written -> transfer.reached(Transfer.Step.SECOND_WRITTEN))
                            .delayUntil(written -> connection.commitTransaction());
                },
                Connection::close);
    }

    private static Mono<Long> leg(Connection connection, Transfer transfer, int side) {
        return Flux.defer(() -> connection
                        .createStatement(Transfer.LEG)
                        .bind("$1", Transfer.amount(side))
                        .bind("$2", transfer.account(side))
                        .bind("$3", transfer.operation())
                        .bind("$4", side)
                        .execute())
                .flatMap(result -> result.getRowsUpdated())
                .then(Mono.just(1L));
    }

    /** What the documentation of Spring shows. */
    static Mono<Long> spring(ConnectionPool pool, Transfer transfer) {
        DatabaseClient client = DatabaseClient.create(pool);
        return Mono.defer(() -> {
                    transfer.reached(Transfer.Step.IN_TRANSACTION);
                    return leg(client, transfer, 1);
                })
                .doOnNext(written -> transfer.reached(Transfer.Step.FIRST_WRITTEN))
                .then(leg(client, transfer, 2))
                .doOnNext(written -> transfer.reached(Transfer.Step.SECOND_WRITTEN))
                .as(TransactionalOperator.create(new R2dbcTransactionManager(pool))::transactional);
    }

    private static Mono<Long> leg(DatabaseClient client, Transfer transfer, int side) {
        return client.sql(Transfer.LEG)
                .bind(0, Transfer.amount(side))
                .bind(1, transfer.account(side))
                .bind(2, transfer.operation())
                .bind(3, side)
                .fetch()
                .rowsUpdated();
    }
}
