package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.Backend;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Row;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;

/**
 * How many rows of four columns a second are streamed into records: the bare driver with its defaults, with a fetch size and with binary
 * results, and this library, one after another in each round. The CPU time is that of the application's threads and of the server
 * processes together.
 */
public final class StreamBenchmark {

    private static final int ROUNDS = Integer.getInteger("rounds", 7);
    private static final int ROWS = Integer.getInteger("rows", 1_000_000);
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int PORTION = 5_000;
    private static final double TICKS_PER_SECOND = 100;
    private static final String SQL =
            "SELECT id, owner, balance, created_at FROM stream_benchmark.account WHERE id <= $1";
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private record Account(long id, String owner, long balance, OffsetDateTime createdAt) {}

    private record Turn(double perSecond, double perCpuSecond) {}

    private StreamBenchmark() {}

    /** Runs all rounds and prints the medians; {@code rounds} and {@code rows} are system properties. */
    public static void main(String... arguments) {
        TestDatabase server = TestDatabase.get();
        String schema = server.freshSchema(StreamBenchmark.class);
        server.execute("CREATE TABLE " + schema
                + ".account AS SELECT id, 'owner ' || id AS owner, id * 1000 AS balance, now() AS created_at"
                + " FROM generate_series(1::bigint, " + ROWS + ") id");
        String url = server.url(StreamBenchmark.class);
        Connection text = bare(url, false);
        Connection binary = bare(url, true);
        Database db = database(url);
        Database binaryDb = database(binaryUrl(server));
        Map<String, Flux<Account>> contestants = new LinkedHashMap<>();
        contestants.put("bare", bare(text, 0));
        contestants.put("bare, fetch size", bare(text, PORTION));
        contestants.put("bare, binary", bare(binary, 0));
        contestants.put("bare, binary, fetch size", bare(binary, PORTION));
        contestants.put("ours", ours(db, 0));
        contestants.put("ours, fetch size 500", ours(db, PORTION / 10));
        contestants.put("ours, fetch size", ours(db, PORTION));
        contestants.put("ours, binary", ours(binaryDb, 0));
        contestants.put("ours, binary, fetch size", ours(binaryDb, PORTION));

        Map<String, List<Turn>> turns = new LinkedHashMap<>();
        for (int round = -1; round < ROUNDS; round++) {
            boolean counts = round >= 0;
            contestants.forEach((name, rows) -> {
                Turn turn = turn(server, rows);
                if (counts) {
                    turns.computeIfAbsent(name, first -> new ArrayList<>()).add(turn);
                }
            });
        }
        List<Turn> bare = turns.get("bare");
        turns.forEach((name, own) -> System.out.printf(
                "%-26s %9.0f rows/s  %.2f x bare  %.2f x per CPU%n",
                name,
                median(own.stream().map(Turn::perSecond).toList()),
                median(own.stream().map(Turn::perSecond).toList())
                        / median(bare.stream().map(Turn::perSecond).toList()),
                median(own.stream().map(Turn::perCpuSecond).toList())
                        / median(bare.stream().map(Turn::perCpuSecond).toList())));
        db.close().then(binaryDb.close()).block(LIMIT);
        server.dropSchema(StreamBenchmark.class);
        System.exit(0);
    }

    private static Database database(String url) {
        return Database.builder(url)
                .pool(PoolSettings.builder().maxSize(1).build())
                .build();
    }

    private static String binaryUrl(TestDatabase server) {
        return "r2dbc:postgresql://%s:%s@%s:%d/%s?forceBinary=true&applicationName=%s"
                .formatted(
                        server.user(),
                        server.password(),
                        server.host(),
                        server.port(),
                        server.database(),
                        TestDatabase.applicationName(StreamBenchmark.class));
    }

    private static Connection bare(String url, boolean binary) {
        return new PostgresqlConnectionFactory(PostgresqlConnectionFactoryProvider.builder(
                                ConnectionString.parse(url).toConnectionFactoryOptions())
                        .forceBinary(binary)
                        .build())
                .create()
                .block(LIMIT);
    }

    private static Flux<Account> bare(Connection connection, int fetchSize) {
        return Flux.defer(() -> connection
                        .createStatement(SQL)
                        .bind("$1", (long) ROWS)
                        .fetchSize(fetchSize)
                        .execute())
                .flatMap(result -> result.map((row, metadata) -> account(row)));
    }

    @SuppressWarnings("NullAway")
    private static Account account(Row row) {
        return new Account(
                row.get("id", Long.class),
                row.get("owner", String.class),
                row.get("balance", Long.class),
                row.get("created_at", OffsetDateTime.class));
    }

    private static Flux<Account> ours(Database db, int fetchSize) {
        return db.sql(SQL)
                .bind(1, (long) ROWS)
                .fetchSize(fetchSize)
                .as(Account.class)
                .all();
    }

    private static Turn turn(TestDatabase server, Flux<Account> rows) {
        double cpu = cpu(server);
        long start = System.nanoTime();
        long read = rows.count().block(LIMIT);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Turn(read / seconds, read / (cpu(server) - cpu));
    }

    /** What the threads of the application and the server processes have used, in seconds. */
    private static double cpu(TestDatabase server) {
        double sum = 0;
        for (long thread : THREADS.getAllThreadIds()) {
            sum += Math.max(0, THREADS.getThreadCpuTime(thread)) / 1e9;
        }
        for (Backend backend : server.backends(TestDatabase.applicationName(StreamBenchmark.class))) {
            sum += ticks(Path.of("/proc/" + backend.pid() + "/stat")) / TICKS_PER_SECOND;
        }
        return sum;
    }

    private static long ticks(Path stat) {
        try {
            String[] fields = Files.readString(stat).replaceFirst("^.*\\) ", "").split(" ");
            return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        } catch (IOException e) {
            return 0;
        }
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }
}
