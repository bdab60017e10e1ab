package io.github.r2dbcsession;

import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Transfers of two legs, most of them cancelled at a random moment, and the count of what is wrong afterwards. The witness reads the
 * table, so that nothing depends on what the subject believes.
 */
final class TransferStorm {

    /** What the subject runs for one operation: both legs, in one transaction. */
    static final String LEG = "INSERT INTO leg (op, side) VALUES ($1, $2)";

    private static final double CANCELLED = 0.7;
    private static final int LONGEST_LIFE_MICROS = 6_000;
    private static final int CALLERS = 16;

    private final TestDatabase database;
    private final String table;
    private final AtomicLong nextOperation = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();

    /**
     * Prepares the table.
     *
     * @param schema where {@code leg} is made
     */
    TransferStorm(TestDatabase database, String schema) {
        this.database = database;
        this.table = schema + ".leg";
        database.execute("DROP TABLE IF EXISTS " + table);
        database.execute("CREATE TABLE " + table
                + " (op bigint, side int, xid text DEFAULT pg_current_xact_id()::text, PRIMARY KEY (op, side))");
    }

    /** Runs so many operations, 16 at a time, and completes when all have ended one way or another. */
    Mono<Void> run(int operations, long seed, LongFunction<Mono<Void>> transfer) {
        Random random = new Random(seed);
        return Flux.range(0, operations)
                .map(i -> random.nextDouble() < CANCELLED
                        ? Duration.ofNanos(1_000L * random.nextInt(LONGEST_LIFE_MICROS))
                        : Duration.ofDays(1))
                .flatMap(life -> operation(transfer, life), CALLERS, 1)
                .then();
    }

    private Mono<Void> operation(LongFunction<Mono<Void>> transfer, Duration life) {
        return Mono.defer(() -> {
            long operation = nextOperation.getAndIncrement();
            return transfer.apply(operation)
                    .doOnSuccess(done -> acknowledged.add(operation))
                    .takeUntilOther(Mono.delay(life, Schedulers.parallel()))
                    // What a bare stack reports of its own broken state is not what is counted here.
                    .onErrorComplete();
        });
    }

    /** Operations of which one leg is there and the other is not. */
    long halves() {
        return count("SELECT count(*) FROM (SELECT op FROM " + table + " GROUP BY op HAVING count(*) <> 2) h");
    }

    /** Operations whose legs were committed by different transactions. */
    long mixed() {
        return count(
                "SELECT count(*) FROM (SELECT op FROM " + table + " GROUP BY op HAVING count(DISTINCT xid) > 1) m");
    }

    /** Operations that were reported as done and are not there. */
    long lost() {
        Set<Long> present = Set.copyOf(database.query("SELECT DISTINCT op FROM " + table, row -> row.getLong(1)));
        return acknowledged.stream()
                .filter(operation -> !present.contains(operation))
                .count();
    }

    /** How many operations were reported as done. */
    int acknowledged() {
        return acknowledged.size();
    }

    private long count(String sql) {
        return database.query(sql, row -> row.getLong(1)).get(0);
    }

    static long seed() {
        return Long.getLong("seed", ThreadLocalRandom.current().nextLong());
    }
}
