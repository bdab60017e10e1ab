package io.github.r2dbcsession;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Reads a long stream in a JVM of its own and says how much of the heap was alive at most. */
final class StreamReader {

    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int LOOK_EVERY = 20_000;

    private record Line(long id, String text, int length) {}

    private StreamReader() {}

    /** Arguments: connection string, number of rows, fetch size. */
    public static void main(String... arguments) {
        int rows = Integer.parseInt(arguments[1]);
        AtomicLong alive = new AtomicLong();
        Database db = Database.of(arguments[0]);
        Long read = db.inTransactionMany(tx -> tx.sql("SELECT n AS id, repeat('x', 100) AS text, n % 100 AS length"
                                + " FROM generate_series(1, :rows) n")
                        .bind("rows", rows)
                        .fetchSize(Integer.parseInt(arguments[2]))
                        .as(Line.class)
                        .all())
                .index()
                .doOnNext(line -> {
                    if (line.getT1() % LOOK_EVERY == 0) {
                        System.gc();
                        alive.accumulateAndGet(alive(), Math::max);
                    }
                })
                .count()
                .block(LIMIT);
        db.close().block(LIMIT);
        System.out.printf("live %d MB at most, %d rows%n", alive.get() >> 20, read);
        System.exit(read == rows ? 0 : 1);
    }

    private static long alive() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .map(MemoryPoolMXBean::getCollectionUsage)
                .filter(usage -> usage != null)
                .mapToLong(MemoryUsage::getUsed)
                .sum();
    }
}
