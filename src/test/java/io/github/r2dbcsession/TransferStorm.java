package io.github.r2dbcsession;

import io.github.r2dbcsession.testing.TestDatabase;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Transfers of two legs between accounts, most of them cancelled at some moment by some operator, and the count of what is wrong
 * afterwards. The witness reads the tables, so that nothing depends on what the subject believes.
 */
final class TransferStorm {

    private static final double CANCELLED = 0.7;
    private static final int ACCOUNTS = 200;
    private static final int BALANCE = 1_000;
    private static final AtomicLong NEXT_OPERATION = new AtomicLong();

    private final TestDatabase database;
    private final String schema;
    private final AtomicInteger cancelled = new AtomicInteger();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();

    /**
     * Prepares the tables {@code account} and {@code leg}.
     *
     * @param schema where they are made
     */
    TransferStorm(TestDatabase database, String schema) {
        this.database = database;
        this.schema = schema;
        database.execute("DROP TABLE IF EXISTS %1$s.leg, %1$s.account".formatted(schema));
        database.execute("CREATE TABLE " + schema + ".account (id int PRIMARY KEY, balance int NOT NULL)");
        database.execute("CREATE TABLE " + schema
                + ".leg (op bigint, side int, xid text DEFAULT pg_current_xact_id()::text, PRIMARY KEY (op, side))");
        database.execute("INSERT INTO %s.account SELECT id, %d FROM generate_series(0, %d) id"
                .formatted(schema, BALANCE, ACCOUNTS - 1));
    }

    /** Runs so many operations, so many at a time, and completes when all have ended one way or another. */
    Mono<Void> run(int operations, int callers, long seed, Function<Transfer, Mono<Long>> subject) {
        Random random = new Random(seed);
        return Flux.range(0, operations)
                .map(i -> random.nextDouble() < CANCELLED
                        ? cancelled(subject, random.nextLong())
                        : uncut(subject, random.nextLong()))
                .flatMap(operation -> operation, callers, 1)
                .then();
    }

    private Mono<Void> uncut(Function<Transfer, Mono<Long>> subject, long seed) {
        return Mono.defer(() -> transfer(subject, next(new Random(seed), null)))
                // What a stack reports of its own broken state is not what is counted here.
                .onErrorComplete()
                .then();
    }

    private Mono<Void> cancelled(Function<Transfer, Mono<Long>> subject, long seed) {
        Random random = new Random(seed);
        Cancelling how = any(random, Cancelling.values());
        // Half of the moments are drawn over the whole life of a transfer.
        Transfer.Phase phase = random.nextBoolean() ? Transfer.Phase.ANY : any(random, Transfer.Phase.values());
        return Mono.defer(() -> {
                    Transfer first = next(random, phase);
                    AtomicBoolean again = new AtomicBoolean();
                    // An operator that subscribes a second time gets another transfer.
                    Mono<Long> transfer = Mono.defer(
                            () -> transfer(subject, again.getAndSet(true) ? next(new Random(seed), null) : first));
                    return how.cut(transfer.doOnCancel(cancelled::incrementAndGet), first.moment());
                })
                .onErrorComplete()
                .then();
    }

    private Mono<Long> transfer(Function<Transfer, Mono<Long>> subject, Transfer transfer) {
        return Mono.defer(() -> {
                    transfer.reached(Transfer.Step.SUBSCRIBED);
                    return subject.apply(transfer);
                })
                .doOnSuccess(done -> acknowledged.add(transfer.operation()));
    }

    private Transfer next(Random random, Transfer.@Nullable Phase phase) {
        return new Transfer(NEXT_OPERATION.getAndIncrement(), ACCOUNTS, random, phase);
    }

    private static <T> T any(Random random, T[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Operations of which one leg is there and the other is not. */
    long halves() {
        return count("SELECT count(*) FROM (SELECT op FROM %s.leg GROUP BY op HAVING count(*) <> 2) h");
    }

    /** Operations whose legs were committed by different transactions. */
    long mixed() {
        return count("SELECT count(*) FROM (SELECT op FROM %s.leg GROUP BY op HAVING count(DISTINCT xid) > 1) m");
    }

    /** Transactions that committed more than one operation. */
    long shared() {
        return count("SELECT count(*) FROM (SELECT xid FROM %s.leg GROUP BY xid HAVING count(DISTINCT op) > 1) s");
    }

    /** How much money there is that was not there before. */
    long drift() {
        return count("SELECT sum(balance) FROM %s.account") - (long) ACCOUNTS * BALANCE;
    }

    /** Operations that were reported as done and are not there. */
    long lost() {
        Set<Long> present =
                Set.copyOf(database.query("SELECT DISTINCT op FROM " + schema + ".leg", row -> row.getLong(1)));
        return acknowledged.stream()
                .filter(operation -> !present.contains(operation))
                .count();
    }

    /** How many operations were reported as done. */
    int acknowledged() {
        return acknowledged.size();
    }

    /** How many were cancelled before they had ended. */
    int cancelled() {
        return cancelled.get();
    }

    private long count(String sql) {
        return database.query(sql.formatted(schema), row -> row.getLong(1)).get(0);
    }

    static long seed() {
        return Long.getLong("seed", ThreadLocalRandom.current().nextLong());
    }
}
