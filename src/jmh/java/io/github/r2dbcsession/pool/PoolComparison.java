package io.github.r2dbcsession.pool;

import com.sun.management.ThreadMXBean;
import io.github.r2dbcsession.testing.TestDatabase;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Compares this library with the bare driver and pool in one JVM, in short turns that alternate, so that what else the machine does hits
 * both. Each caller runs one operation after the other. Of each round the ratios are taken, and of those the median is told.
 */
final class PoolComparison {

    private static final int ROUNDS = Integer.getInteger("rounds", 41);
    private static final long TURN = TimeUnit.MILLISECONDS.toNanos(Integer.getInteger("turn", 200));
    private static final int ROWS = 10_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Map<String, Contestant> contestants;
    private final String first;

    /** What one turn came to. */
    private record Turn(double perSecond, double perCpuSecond, double bytes) {}

    /** Compares all with the first. */
    PoolComparison(Map<String, Contestant> contestants) {
        this.contestants = contestants;
        this.first = contestants.keySet().iterator().next();
    }

    /** Runs all comparisons; the system property {@code rounds} says how many rounds of each, {@code turn} how many ms a turn takes. */
    public static void main(String... arguments) {
        createTable();
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        contestants.put("bare", Contestant.bare());
        contestants.put("bare, maxAcquireTime", Contestant.bareWithLimit());
        contestants.put("ours", Contestant.ours());
        contestants.put("ours, meters", Contestant.oursWithMeters());
        PoolComparison comparison = new PoolComparison(contestants);
        for (int callers : new int[] {1, 32}) {
            comparison.run("acquire and release", callers, Contestant::acquireAndRelease);
        }
        comparison.reads(1, 16, 128, 512);
        comparison.close();
        System.exit(0);
    }

    static void createTable() {
        TestDatabase.get().execute("DROP TABLE IF EXISTS account");
        TestDatabase.get().execute("CREATE TABLE account (id bigint PRIMARY KEY, owner text, balance int)");
        TestDatabase.get()
                .execute("INSERT INTO account SELECT i, 'owner ' || i, i %% 1000 FROM generate_series(1, %d) i"
                        .formatted(ROWS));
    }

    void close() {
        contestants.values().forEach(Contestant::close);
    }

    /** Has them read a row by its key, so many callers at a time. */
    void reads(int... callers) {
        for (int each : callers) {
            run(
                    "read",
                    each,
                    contestant -> contestant.read(ThreadLocalRandom.current().nextLong(ROWS) + 1));
        }
    }

    private void run(String work, int callers, Function<Contestant, Mono<?>> operation) {
        Map<String, List<Turn>> turns = new LinkedHashMap<>();
        for (int round = -1; round < ROUNDS; round++) {
            List<String> order = new ArrayList<>(contestants.keySet());
            if (round % 2 == 0) {
                Collections.reverse(order);
            }
            for (String name : order) {
                Contestant contestant = contestants.get(name);
                Turn turn = turn(callers, Mono.defer(() -> operation.apply(contestant)));
                if (round >= 0) {
                    turns.computeIfAbsent(name, first -> new ArrayList<>()).add(turn);
                }
            }
        }
        List<Turn> bare = turns.get(first);
        System.out.printf("%n%s, callers %d, median of %d rounds (load %.1f)%n", work, callers, ROUNDS, load());
        System.out.printf(
                "%-22s %9s %7s %16s %10s %7s%n", "", "ops/s", "x first", "(least .. most)", "x per CPU", "bytes");
        for (String name : contestants.keySet()) {
            List<Turn> own = turns.get(name);
            List<Double> ratios = ratios(own, bare, Turn::perSecond);
            System.out.printf(
                    "%-22s %9.0f %7.2f    (%.2f .. %.2f) %10.2f %7.0f%n",
                    name,
                    median(own.stream().map(Turn::perSecond).toList()),
                    median(ratios),
                    ratios.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                    ratios.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
                    median(ratios(own, bare, Turn::perCpuSecond)),
                    median(own.stream().map(Turn::bytes).toList()));
        }
    }

    private static List<Double> ratios(List<Turn> own, List<Turn> bare, ToDoubleFunction<Turn> figure) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < own.size(); round++) {
            ratios.add(figure.applyAsDouble(own.get(round)) / figure.applyAsDouble(bare.get(round)));
        }
        return ratios;
    }

    private static Turn turn(int callers, Mono<?> operation) {
        LongAdder operations = new LongAdder();
        long cpu = cpu();
        long bytes = allocated();
        long start = System.nanoTime();
        Mono<Void> caller = operation
                .subscribeOn(Schedulers.parallel())
                .doOnTerminate(operations::increment)
                .repeat(() -> System.nanoTime() - start < TURN)
                .then();
        Flux.range(0, callers).flatMap(i -> caller, callers).blockLast();
        double seconds = (System.nanoTime() - start) / 1e9;
        double done = operations.sum();
        return new Turn(done / seconds, done / ((cpu() - cpu) / 1e9), (allocated() - bytes) / done);
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }

    /** What the threads of the application have used; the compiler's and the garbage collector's are not among them. */
    private static long cpu() {
        long sum = 0;
        for (long thread : THREADS.getAllThreadIds()) {
            sum += Math.max(0, THREADS.getThreadCpuTime(thread));
        }
        return sum;
    }

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static long allocated() {
        long sum = 0;
        for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }
}
