package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolExhaustedException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Databases side by side in one application: each message names its own, and what is open on one is nothing to the other. */
@DatabaseTest
class SeveralDatabasesIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final Database orders = database("orders");
    private final Database stock = database("stock");

    @BeforeEach
    void warm() {
        Mono.when(orders.warmUp(1).retry(20), stock.warmUp(1).retry(20)).block(LIMIT.multipliedBy(2));
    }

    @AfterEach
    void nothingIsLeft() {
        orders.close().block(LIMIT);
        stock.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(SeveralDatabasesIT.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"orders", "stock"})
    void errorsNameTheirDatabase(String name) {
        Database db = name.equals("orders") ? orders : stock;
        Session held = db.openSession().block(LIMIT);

        StepVerifier.create(one(db))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(PoolExhaustedException.class)
                        .hasMessageContaining("pool " + name + ":"))
                .verify(LIMIT);
        held.close().block(LIMIT);
        StepVerifier.create(one(held)).expectErrorMatches(named(name)).verify(LIMIT);
        StepVerifier.create(db.inSession(session -> one(db)))
                .expectErrorMatches(named(name))
                .verify(LIMIT);
        StepVerifier.create(db.beginTransaction().flatMap(tx -> tx.commit().then(one(tx))))
                .expectErrorMatches(named(name))
                .verify(LIMIT);
        db.close().block(LIMIT);
        StepVerifier.create(one(db))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(PoolClosedException.class)
                        .hasMessageContaining(name))
                .verify(LIMIT);
        assertThat(db.toString()).contains(name);
    }

    @Test
    void whatIsOpenOnOneIsNothingToTheOther() {
        Mono<List<String>> both = orders.inTransaction(tx -> stock.sessionScope(stock.inTransaction(
                other -> Mono.zip(state(orders), state(stock), (first, second) -> List.of(first, second)))));

        assertThat(both.block(LIMIT)).doesNotHaveDuplicates().hasSize(2);
    }

    private static java.util.function.Predicate<Throwable> named(String name) {
        String other = name.equals("orders") ? "stock" : "orders";
        return failure ->
                failure.getMessage().contains(name) && !failure.getMessage().contains(other);
    }

    private Database database(String name) {
        return Database.builder(server.url(SeveralDatabasesIT.class))
                .name(name)
                .pool(PoolSettings.builder()
                        .maxSize(1)
                        .maxAcquireTime(Duration.ofSeconds(1))
                        .build())
                .build();
    }

    private static Mono<String> state(SqlClient client) {
        return client.sql("SELECT pg_backend_pid() || ' ' || pg_catalog.pg_current_xact_id()")
                .as(String.class)
                .one();
    }

    private static Mono<Integer> one(SqlClient client) {
        return client.sql("SELECT 1").as(Integer.class).one();
    }
}
