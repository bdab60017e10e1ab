package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.OwnServer;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.pool.ConnectionPool;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Cancels transfers at all moments by all operators: with us none is left half done, and the same storm shows that it can happen. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CancelStormIT {

    private static final int OPERATIONS = switch (System.getProperty("scale", "commit")) {
        case "weekly" -> 1_000_000;
        case "nightly" -> 300_000;
        default -> 5_000;
    };
    /** Each so many operations get a new pool, whose connects are cancelled as well. */
    private static final int A_POOL = 500;

    private static final int POOL = 8;
    private static final int ROUNDS = 40;
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final OwnServer own =
            OwnServer.start(Map.of("log_statement", "all", "log_line_prefix", "'" + LegLog.PREFIX + "'"));
    private final TestDatabase server = own.database();
    private final String url = server.url(CancelStormIT.class);
    private final String schema = server.freshSchema(CancelStormIT.class);
    private TransferStorm storm = new TransferStorm(server, schema);

    @BeforeEach
    void clearSky() {
        storm = new TransferStorm(server, schema);
    }

    @AfterAll
    void stop() throws IOException {
        own.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 64})
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void noCancelledTransferIsLeftHalfDone(int callers) {
        long seed = TransferStorm.seed();
        long logged = own.log(Stream::count);
        for (int done = 0; done < OPERATIONS / 2; done += A_POOL) {
            gust(callers, seed + done);
        }
        LegLog log = own.log(lines -> LegLog.read(lines.skip(logged)));

        System.out.printf(
                "cancel storm, %d callers, seed %d: %d operations, %d cancelled, %d acknowledged, %d legs in the log%n",
                callers, seed, OPERATIONS / 2, storm.cancelled(), storm.acknowledged(), log.legs());
        assertThat(storm.cancelled()).as("cancelled, seed %d", seed).isGreaterThan(OPERATIONS / 8);
        assertThat(storm.acknowledged()).as("acknowledged, seed %d", seed).isPositive();
        assertThat(storm.halves()).as("half-committed, seed %d", seed).isZero();
        assertThat(storm.mixed()).as("legs in two transactions, seed %d", seed).isZero();
        assertThat(storm.shared())
                .as("transactions of two operations, seed %d", seed)
                .isZero();
        assertThat(storm.lost()).as("acknowledged and absent, seed %d", seed).isZero();
        assertThat(storm.drift()).as("money made, seed %d", seed).isZero();
        assertThat(log.legs()).as("legs in the log").isGreaterThanOrEqualTo(2L * storm.acknowledged());
        assertThat(log.astray()).as("sent after the end, seed %d", seed).isZero();
    }

    private void gust(int callers, long seed) {
        Database db = Database.builder(url)
                .pool(PoolSettings.builder().maxSize(POOL).build())
                .build();
        storm.run(A_POOL, callers, seed, transfer -> transfer(db, transfer)).block(LIMIT);
        await("everything is given back").atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
            assertThat(db.stats().acquired()).isZero();
            assertThat(db.stats().recovering()).isZero();
        });
        assertThat(server.backends(TestDatabase.applicationName(CancelStormIT.class)))
                .as("pooled, seed %d", seed)
                .allMatch(backend -> "idle".equals(backend.state()));
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(CancelStormIT.class));
    }

    private static Mono<Long> transfer(Database db, Transfer transfer) {
        return db.inTransaction(tx -> {
            transfer.reached(Transfer.Step.IN_TRANSACTION);
            return leg(tx, transfer, 1)
                    .doOnNext(written -> transfer.reached(Transfer.Step.FIRST_WRITTEN))
                    .then(leg(tx, transfer, 2))
                    .doOnNext(written -> transfer.reached(Transfer.Step.SECOND_WRITTEN));
        });
    }

    private static Mono<Long> leg(SqlClient client, Transfer transfer, int side) {
        return client.sql(Transfer.LEG)
                .bind(1, Transfer.amount(side))
                .bind(2, transfer.account(side))
                .bind(3, transfer.operation())
                .bind(4, side)
                .rowsUpdated();
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void theSameStormBreaksBareUsingWhen() {
        breaks("bare usingWhen", OrdinaryStacks::usingWhen);
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void theSameStormBreaksSpringsTransactionalOperator() {
        breaks("Spring's TransactionalOperator", OrdinaryStacks::spring);
    }

    /** A pool is given up as soon as it hangs, as it does when its connections have been poisoned. */
    private void breaks(String stack, BiFunction<ConnectionPool, Transfer, Mono<Long>> subject) {
        int rounds = 0;
        while (storm.halves() + storm.mixed() == 0 && rounds++ < ROUNDS) {
            ConnectionPool pool = OrdinaryStacks.pool(url, POOL);
            storm.run(A_POOL, POOL, TransferStorm.seed(), transfer -> subject.apply(pool, transfer))
                    .timeout(Duration.ofSeconds(20), Mono.empty())
                    .then(pool.disposeLater())
                    .block(LIMIT);
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"
                    + TestDatabase.applicationName(CancelStormIT.class) + "'");
        }

        System.out.printf(
                "cancel storm on %s: %d operations, %d cancelled, %d half-committed, %d in two transactions, money made %d%n",
                stack, rounds * A_POOL, storm.cancelled(), storm.halves(), storm.mixed(), storm.drift());
        assertThat(storm.halves() + storm.mixed())
                .as("broken transfers in %d rounds", rounds)
                .isPositive();
    }
}
