package io.github.r2dbcsession;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * How many transactions a second that read a row, lock it, update it and commit: r2dbc-pool under {@code usingWhen}, this library with
 * each use reset and with {@link ResetPolicy#TRUSTING}, and Spring, one after another in each round, on one server.
 */
public final class TransactionBenchmark {

    private static final int ROUNDS = Integer.getInteger("rounds", 5);
    private static final Duration TURN = Duration.ofSeconds(Integer.getInteger("seconds", 3));
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int POOL = 16;
    private static final int ACCOUNTS = 10_000;
    private static final String READ = "SELECT balance FROM account WHERE id = $1 FOR UPDATE";
    private static final String WRITE = "UPDATE account SET balance = $2 WHERE id = $1";

    private TransactionBenchmark() {}

    /** Runs all rounds and prints the medians. */
    public static void main(String... arguments) {
        TestDatabase server = TestDatabase.get();
        String schema = server.freshSchema(TransactionBenchmark.class);
        server.execute(
                "CREATE TABLE " + schema + ".account (id int PRIMARY KEY, balance bigint) WITH (fillfactor = 50)");
        server.execute(
                "INSERT INTO " + schema + ".account SELECT id, 0 FROM generate_series(0, " + (ACCOUNTS - 1) + ") id");
        String url = server.url(TransactionBenchmark.class);
        Database db = ours(url, ResetPolicy.DEFAULT);
        Database trusting = ours(url, ResetPolicy.TRUSTING);
        ConnectionPool pool = OrdinaryStacks.pool(url, POOL);
        TransactionalOperator operator = TransactionalOperator.create(new R2dbcTransactionManager(pool));
        DatabaseClient client = DatabaseClient.create(pool);
        Map<String, Function<Integer, Mono<Long>>> stacks = new LinkedHashMap<>();
        stacks.put("bare usingWhen", id -> bare(pool, id));
        stacks.put("r2dbc-session", id -> ours(db, id));
        stacks.put("... TRUSTING", id -> ours(trusting, id));
        stacks.put("Spring", id -> spring(client, operator, id));

        for (int callers : List.of(16, 64)) {
            Map<String, List<Double>> figures = new LinkedHashMap<>();
            for (int round = -1; round < ROUNDS; round++) {
                for (Map.Entry<String, Function<Integer, Mono<Long>>> stack : stacks.entrySet()) {
                    double rate = rate(stack.getValue(), callers);
                    if (round >= 0) {
                        figures.computeIfAbsent(stack.getKey(), name -> new ArrayList<>())
                                .add(rate);
                    }
                }
            }
            double bare = median(figures.get("bare usingWhen"));
            figures.forEach((name, rates) -> System.out.printf(
                    "%2d callers  %-15s %6.0f transactions/s  %.2f x bare  rounds %s%n",
                    callers,
                    name,
                    median(rates),
                    median(rates) / bare,
                    rates.stream().map(Math::round).toList()));
        }
        db.close().then(trusting.close()).then(pool.disposeLater()).block(LIMIT);
        server.dropSchema(TransactionBenchmark.class);
    }

    private static double rate(Function<Integer, Mono<Long>> stack, int callers) {
        Random random = new Random(1);
        AtomicLong done = new AtomicLong();
        long start = System.nanoTime();
        long end = start + TURN.toNanos();
        Flux.<Integer>generate(sink -> {
                    if (System.nanoTime() < end) {
                        sink.next(random.nextInt(ACCOUNTS));
                    } else {
                        sink.complete();
                    }
                })
                .flatMap(stack, callers, 1)
                .doOnNext(balance -> done.incrementAndGet())
                .blockLast(LIMIT);
        return done.get() * 1e9 / (System.nanoTime() - start);
    }

    private static Database ours(String url, ResetPolicy policy) {
        return Database.builder(url)
                .pool(PoolSettings.builder().maxSize(POOL).resetPolicy(policy).build())
                .build();
    }

    private static Mono<Long> ours(Database db, int id) {
        return db.inTransaction(tx -> tx.sql(READ)
                .bind(1, id)
                .as(Long.class)
                .one()
                .flatMap(balance ->
                        tx.sql(WRITE).bind(1, id).bind(2, balance + 1).rowsUpdated()));
    }

    private static Mono<Long> bare(ConnectionPool pool, int id) {
        return Mono.usingWhen(
                pool.create(),
                connection -> Mono.from(connection.beginTransaction())
                        .thenMany(
                                connection.createStatement(READ).bind("$1", id).execute())
                        .flatMap(result -> result.map(row -> row.get(0, Long.class)))
                        .single()
                        .flatMapMany(balance -> connection
                                .createStatement(WRITE)
                                .bind("$1", id)
                                .bind("$2", balance + 1)
                                .execute())
                        .flatMap(Result::getRowsUpdated)
                        .single()
                        .delayUntil(updated -> connection.commitTransaction()),
                Connection::close);
    }

    private static Mono<Long> spring(DatabaseClient client, TransactionalOperator operator, int id) {
        return client.sql(READ)
                .bind(0, id)
                .mapValue(Long.class)
                .one()
                .flatMap(balance -> client.sql(WRITE)
                        .bind(0, id)
                        .bind(1, balance + 1)
                        .fetch()
                        .rowsUpdated())
                .as(operator::transactional);
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }
}
