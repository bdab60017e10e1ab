package io.github.r2dbcsession.bulk;

import com.sun.management.ThreadMXBean;
import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import reactor.core.publisher.Flux;

/**
 * Inserts the same records by row, by the driver's batch, by arrays, by COPY, and by COPY of the JDBC driver, in turns on one server. The
 * system property {@code rows} says how many, {@code rounds} how many rounds after one of 5,000 rows to warm up. The first two take
 * minutes of many rows, and run above 20,000 only with {@code slow}; {@code slow=false} leaves them out of few. {@code times} says how often in a turn each
 * writes so many rows, further ones each time. {@code warm} says how often each writes 50 rows before all that: a copy of few rows is
 * mostly code that runs once in a copy, which the compiler gets at after some thousands of them.
 */
final class BulkComparison {

    private static final int ROWS = Integer.getInteger("rows", 5_000);
    private static final int ROUNDS = Integer.getInteger("rounds", 9);
    private static final int TIMES = Integer.getInteger("times", 1);
    private static final int WARM = Integer.getInteger("warm", 0);
    private static final int FEW = 20_000;
    private static final int WARM_UP = 5_000;
    private static final int WARM_ROWS = 50;
    private static final int WARM_TURN = 500;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    private final TestDatabase server = TestDatabase.get();
    private final Cpu cpu = new Cpu(server);
    private final Database db = Database.of(server.url());
    private final PostgresqlConnection driver = driver();
    private final Connection jdbc = server.open("benchmark");
    private final LiveHeap heap = new LiveHeap();
    private final Map<String, Runnable> contestants = new LinkedHashMap<>();
    private int rows = WARM_ROWS;
    private int before;

    /** A row. */
    record Account(long id, String owner, BigDecimal balance, Instant opened) {}

    private record Turn(double perSecond, double cpu, double clientCpu, double bytes, double alive) {}

    private BulkComparison() {
        if (Boolean.parseBoolean(System.getProperty("slow", String.valueOf(ROWS <= FEW)))) {
            contestants.put("row by row", this::rowByRow);
            contestants.put("driver's Statement.add", this::batch);
        }
        contestants.put(
                "insert (unnest)",
                () -> db.bulk("bulk_account", Account.class).insert(rows()).block());
        contestants.put(
                "copy",
                () -> db.bulk("bulk_account", Account.class).copy(rows()).block());
        contestants.put("pgjdbc CopyManager", this::copyManager);
    }

    /** Runs it. */
    public static void main(String... arguments) throws Exception {
        new BulkComparison().run();
        System.exit(0);
    }

    private void run() {
        server.execute("DROP TABLE IF EXISTS bulk_account");
        server.execute("CREATE TABLE bulk_account (id bigint PRIMARY KEY, owner text, balance numeric(12,2),"
                + " opened timestamptz)");
        warmUp();
        rows = Math.min(ROWS, WARM_UP);
        Map<String, List<Turn>> turns = new LinkedHashMap<>();
        for (int round = -1; round < ROUNDS; round++) {
            for (Map.Entry<String, Runnable> contestant : contestants.entrySet()) {
                server.execute("TRUNCATE bulk_account");
                Turn turn = turn(contestant.getValue());
                if (round >= 0) {
                    turns.computeIfAbsent(contestant.getKey(), first -> new ArrayList<>())
                            .add(turn);
                }
            }
            rows = ROWS;
        }
        List<Turn> reference = turns.get("pgjdbc CopyManager");
        System.out.printf("%n%d times %d rows, median of %d rounds (load %.1f)%n", TIMES, ROWS, ROUNDS, Cpu.load());
        System.out.printf(
                "%-24s %10s %14s %14s %14s %10s%n",
                "", "rows/s", "x per CPU", "x client CPU", "bytes a row", "MB alive");
        turns.forEach((name, own) -> System.out.printf(
                "%-24s %10.0f %14.2f %14.2f %14.0f %10.0f%n",
                name,
                median(own.stream().map(Turn::perSecond).toList()),
                ratio(own, reference, Turn::cpu),
                ratio(own, reference, Turn::clientCpu),
                median(own.stream().map(Turn::bytes).toList()),
                median(own.stream().map(Turn::alive).toList()) / 1e6));
    }

    private void warmUp() {
        for (int done = 0; done < WARM; done += WARM_TURN) {
            for (Runnable contestant : contestants.values()) {
                server.execute("TRUNCATE bulk_account");
                for (int time = 0; time < Math.min(WARM_TURN, WARM - done); time++) {
                    before = time * rows;
                    contestant.run();
                }
            }
        }
    }

    private Turn turn(Runnable work) {
        heap.reset();
        double clientCpu = cpu.client();
        double serverCpu = cpu.server();
        long bytes = allocated();
        long start = System.nanoTime();
        for (int time = 0; time < TIMES; time++) {
            before = time * rows;
            work.run();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        double client = cpu.client() - clientCpu;
        double all = client + cpu.server() - serverCpu;
        double allocated = (double) (allocated() - bytes) / rows / TIMES;
        return new Turn(rows * TIMES / seconds, all, client, allocated, heap.most());
    }

    /** How much less CPU than the reference in all rounds together: a single turn is a few ticks of the server's clock. */
    private static double ratio(List<Turn> own, List<Turn> reference, ToDoubleFunction<Turn> cpu) {
        return reference.stream().mapToDouble(cpu).sum()
                / own.stream().mapToDouble(cpu).sum();
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }

    private static long allocated() {
        long sum = 0;
        for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }

    private Account account(int number) {
        int id = before + number;
        return new Account(id, "owner " + id, BigDecimal.valueOf(id * 37L, 2), BEGIN.plusSeconds(id));
    }

    private Flux<Account> rows() {
        return Flux.range(1, rows).map(this::account);
    }

    private void rowByRow() {
        db.inTransaction(tx -> rows().concatMap(
                                row -> tx.sql("INSERT INTO bulk_account VALUES (:id, :owner, :balance, :opened)")
                                        .bind("id", row.id())
                                        .bind("owner", row.owner())
                                        .bind("balance", row.balance())
                                        .bind("opened", row.opened())
                                        .rowsUpdated())
                        .then())
                .block();
    }

    private void batch() {
        PostgresqlStatement statement = driver.createStatement("INSERT INTO bulk_account VALUES ($1, $2, $3, $4)");
        for (int id = 1; id <= rows; id++) {
            Account row = account(id);
            statement
                    .bind(0, row.id())
                    .bind(1, row.owner())
                    .bind(2, row.balance())
                    .bind(3, row.opened());
            if (id < rows) {
                statement.add();
            }
        }
        driver.beginTransaction()
                .thenMany(statement.execute().concatMap(result -> result.getRowsUpdated()))
                .then(driver.commitTransaction())
                .block();
    }

    /** Text, as one writes it for CopyManager, in pieces of 64 kB. */
    private void copyManager() {
        try {
            CopyIn copy = jdbc.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY bulk_account FROM STDIN");
            StringBuilder text = new StringBuilder();
            for (int id = 1; id <= rows; id++) {
                Account row = account(id);
                text.append(row.id())
                        .append('\t')
                        .append(row.owner())
                        .append('\t')
                        .append(row.balance())
                        .append('\t')
                        .append(row.opened())
                        .append('\n');
                if (text.length() > 65_536 || id == rows) {
                    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
                    copy.writeToCopy(bytes, 0, bytes.length);
                    text.setLength(0);
                }
            }
            copy.endCopy();
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private PostgresqlConnection driver() {
        return new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder()
                        .host(server.host())
                        .port(server.port())
                        .username(server.user())
                        .password(server.password())
                        .database(server.database())
                        .build())
                .create()
                .block();
    }
}
