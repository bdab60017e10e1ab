package io.github.r2dbcsession.bulk;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Loader;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.TestDatabase;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowIterator;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads single rows by key: by a loader, one by one, and by Vert.x's pipelined client, in short turns that alternate. Each caller reads one
 * row after the other. Of each round the ratios to one by one are taken, and of those the median is told. System properties: {@code rounds},
 * {@code turn} (ms).
 */
final class LoaderComparison {

    private static final int ROUNDS = Integer.getInteger("rounds", 15);
    private static final long TURN = TimeUnit.MILLISECONDS.toNanos(Integer.getInteger("turn", 300));
    private static final int WARM_UP = 6;
    private static final int ROWS = 10_000;
    private static final int CONNECTIONS = 16;
    private static final String BARE = "one by one";
    private static final String VERTX = "Vert.x, pipelined";

    private final TestDatabase server = TestDatabase.get();
    private final Cpu cpu = new Cpu(server);
    private final Map<String, LongFunction<Mono<Account>>> contestants = new LinkedHashMap<>();

    /** A row. */
    record Account(long id, String owner, int balance) {}

    private record Turn(double perSecond, double perCpu) {}

    private LoaderComparison() {
        Database db = Database.builder(server.url())
                .pool(PoolSettings.builder().maxSize(CONNECTIONS).build())
                .build();
        Loader<Long, Account> loader =
                db.loader("SELECT id, owner, balance FROM loaded WHERE id = ANY(:ids)", Account.class, Account::id);
        SqlClient vertx = vertx();
        contestants.put(
                BARE,
                id -> db.sql("SELECT id, owner, balance FROM loaded WHERE id = :id")
                        .bind("id", id)
                        .as(Account.class)
                        .one());
        contestants.put("loader", loader::load);
        contestants.put(
                VERTX,
                id -> Mono.create(sink -> vertx.preparedQuery("SELECT id, owner, balance FROM loaded WHERE id = $1")
                        .execute(Tuple.of(id))
                        .onSuccess(rows -> sink.success(account(rows)))
                        .onFailure(sink::error)));
    }

    /** Runs it. */
    public static void main(String... arguments) {
        TestDatabase.get().execute("DROP TABLE IF EXISTS loaded");
        TestDatabase.get().execute("CREATE TABLE loaded (id bigint PRIMARY KEY, owner text, balance int)");
        TestDatabase.get()
                .execute("INSERT INTO loaded SELECT i, 'owner ' || i, i %% 1000 FROM generate_series(1, %d) i"
                        .formatted(ROWS));
        TestDatabase.get().execute("ANALYZE loaded");
        LoaderComparison comparison = new LoaderComparison();
        for (int callers : new int[] {1, 16, 128, 512}) {
            comparison.run(callers);
        }
        System.exit(0);
    }

    private SqlClient vertx() {
        PgConnectOptions options = new PgConnectOptions()
                .setHost(server.host())
                .setPort(server.port())
                .setDatabase(server.database())
                .setUser(server.user())
                .setPassword(server.password())
                .setCachePreparedStatements(true)
                .setPipeliningLimit(256);
        return PgBuilder.client()
                .with(new PoolOptions().setMaxSize(CONNECTIONS))
                .connectingTo(options)
                .using(Vertx.vertx())
                .build();
    }

    private static Account account(RowSet<Row> rows) {
        RowIterator<Row> iterator = rows.iterator();
        Row row = iterator.next();
        return new Account(row.getLong(0), row.getString(1), row.getInteger(2));
    }

    private void run(int callers) {
        Map<String, List<Turn>> turns = new LinkedHashMap<>();
        for (int round = -WARM_UP; round < ROUNDS; round++) {
            List<String> order = new ArrayList<>(contestants.keySet());
            if (round % 2 == 0) {
                Collections.reverse(order);
            }
            for (String name : order) {
                Turn turn = turn(callers, contestants.get(name));
                if (round >= 0) {
                    turns.computeIfAbsent(name, first -> new ArrayList<>()).add(turn);
                }
            }
        }
        System.out.printf("%n%d callers, median of %d rounds (load %.1f)%n", callers, ROUNDS, Cpu.load());
        System.out.printf(
                "%-20s %10s %14s %18s %14s%n", "", "reads/s", "x one by one", "x one by one/CPU", "x Vert.x/CPU");
        for (String name : contestants.keySet()) {
            List<Turn> own = turns.get(name);
            System.out.printf(
                    "%-20s %10.0f %14.2f %18.2f %14.2f%n",
                    name,
                    median(own.stream().map(Turn::perSecond).toList()),
                    median(ratios(own, turns.get(BARE), Turn::perSecond)),
                    median(ratios(own, turns.get(BARE), Turn::perCpu)),
                    median(ratios(own, turns.get(VERTX), Turn::perCpu)));
        }
    }

    private static List<Double> ratios(List<Turn> own, List<Turn> other, Function<Turn, Double> figure) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < own.size(); i++) {
            ratios.add(figure.apply(own.get(i)) / figure.apply(other.get(i)));
        }
        return ratios;
    }

    private Turn turn(int callers, LongFunction<Mono<Account>> read) {
        LongAdder reads = new LongAdder();
        double spent = cpu.client() + cpu.server();
        long start = System.nanoTime();
        Mono<Void> caller = Mono.defer(
                        () -> read.apply(ThreadLocalRandom.current().nextLong(ROWS) + 1))
                .doOnSuccess(row -> reads.increment())
                .repeat(() -> System.nanoTime() - start < TURN)
                .then();
        Flux.range(0, callers).flatMap(i -> caller, callers).blockLast();
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Turn(reads.sum() / seconds, reads.sum() / (cpu.client() + cpu.server() - spent));
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }
}
