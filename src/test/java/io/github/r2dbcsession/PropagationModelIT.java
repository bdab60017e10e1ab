package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/**
 * Random programs of nested scopes, errors, catches and cancels, run on the server and compared with what a model predicts. Give
 * {@code -Dseed} to see one run again; a program that differs is cut down before it is shown.
 */
@DatabaseTest
class PropagationModelIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int POOL = 3;
    private static final Pattern CONTROL = Pattern.compile("(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\\b.*");
    private static final int PROGRAMS = switch (System.getProperty("scale", "commit")) {
        case "weekly" -> 300_000;
        case "nightly" -> 100_000;
        default -> 1_000;
    };

    private final TestDatabase server = TestDatabase.get();
    private final String table = TestDatabase.schema(PropagationModelIT.class) + ".step";
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final AtomicInteger acquires = new AtomicInteger();
    private final AtomicInteger programs = new AtomicInteger();
    private final List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(wire.url(PropagationModelIT.class))
            .pool(PoolSettings.builder().maxSize(POOL).build())
            .build();

    @AfterEach
    void close() {
        db.close().block(LIMIT);
        wire.close();
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void everyProgramDoesWhatTheModelPredicts() {
        server.execute("CREATE TABLE " + table + " (program int, row int, PRIMARY KEY (program, row))");
        server.execute("INSERT INTO " + table + " VALUES (0, 0)");
        db.listen(new DatabaseListener() {
            @Override
            public void onAcquire(Duration wait) {
                acquires.incrementAndGet();
            }

            @Override
            public void onTransaction(TransactionEnd end) {
                outcomes.add(end.outcome());
            }
        });
        long seed = TransferStorm.seed();
        System.out.printf("%d programs, seed %d%n", PROGRAMS, seed);

        for (int i = 0; i < PROGRAMS; i++) {
            Program program = new ProgramGenerator(seed + i).program();
            if (differs(program)) {
                Program small = cutDown(program);
                assertThat(observed(small))
                        .as("seed %d, cut down to %s", seed + i, small)
                        .isEqualTo(ProgramModel.predict(small, POOL));
                assertThat(observed(program))
                        .as("seed %d, %s", seed + i, program)
                        .isEqualTo(ProgramModel.predict(program, POOL));
            }
        }
    }

    private Program cutDown(Program program) {
        Optional<Program> smaller = program.simpler().filter(this::differs).findFirst();
        return smaller.map(this::cutDown).orElse(program);
    }

    private boolean differs(Program program) {
        return !observed(program).equals(ProgramModel.predict(program, POOL));
    }

    private ProgramOutcome observed(Program program) {
        int number = programs.incrementAndGet();
        acquires.set(0);
        outcomes.clear();
        wire.statements();
        String end = new ProgramRun(db, number)
                .run(program)
                .timeout(LIMIT.dividedBy(2))
                .onErrorResume(failure -> Mono.just(failure.toString()))
                .block(LIMIT);
        await().atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        Set<Integer> rows = new TreeSet<>(
                server.query("SELECT row FROM " + table + " WHERE program = ?", row -> row.getInt(1), number));
        List<String> control = wire.statements().stream()
                .filter(CONTROL.asMatchPredicate())
                // What follows a rollback on the way back to the pool is the pool's.
                .map(sql -> sql.startsWith("ROLLBACK;") ? "ROLLBACK" : sql)
                .sorted()
                .toList();
        return new ProgramOutcome(
                end, rows, control, acquires.get(), outcomes.stream().sorted().toList());
    }
}
