package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.CrashServer;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A server that is killed and started again under load, time after time. */
@Tag("own-server")
class CrashLoopIT {

    private static final int CYCLES = System.getProperty("scale", "commit").equals("commit") ? 5 : 200;
    private static final int WRITERS = 16;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final AtomicLong next = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicInteger failedConnects = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private volatile long lastSuccess;

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void everyAcknowledgedWriteIsThereAndWorkGoesOnAtOnce() throws Exception {
        try (CrashServer server = CrashServer.start(50)) {
            server.execute("CREATE TABLE written (id bigint PRIMARY KEY)");
            Database db = Database.builder(server.url("CrashLoopIT"))
                    .name("crash")
                    .pool(PoolSettings.builder()
                            .maxSize(8)
                            .maxAcquireTime(LIMIT)
                            .build())
                    .build();
            db.listen(new DatabaseListener() {
                @Override
                public void onConnectFailure(Throwable failure, Duration duration) {
                    failedConnects.incrementAndGet();
                }
            });
            Disposable writers = Flux.range(0, WRITERS)
                    .flatMap(writer -> write(db).repeat(() -> !stopped.get()), WRITERS)
                    .subscribe();
            List<Long> recoveries = new ArrayList<>();
            List<Double> rates = new ArrayList<>();
            long worstPause = 0;

            for (int cycle = 0; cycle < CYCLES; cycle++) {
                awaitSuccessAfter(System.nanoTime() + 300_000_000L);
                failedConnects.set(0);
                long down = System.nanoTime();
                server.kill();
                Mono.delay(Duration.ofMillis(500)).block();
                server.restart();
                long accepted = accepts(server);
                rates.add(failedConnects.get() * 1e9 / (accepted - down));
                recoveries.add(Math.max(0, awaitSuccessAfter(accepted) - accepted));
                worstPause = Math.max(worstPause, pause());
            }
            stopped.set(true);
            db.close().block(LIMIT);
            writers.dispose();

            Set<Long> present = server.execute("SELECT id FROM written").stream()
                    .map(Long::valueOf)
                    .collect(Collectors.toSet());
            assertThat(acknowledged.stream().filter(id -> !present.contains(id)))
                    .as("acknowledged and absent")
                    .isEmpty();
            Collections.sort(recoveries);
            long median = recoveries.get(recoveries.size() / 2) / 1_000_000;
            System.out.printf(
                    "%d crashes, %d writes acknowledged: recovery median %d ms, p99 %d ms, worst %d ms; at most %.1f connects/s while down;"
                            + " a timer of 10 ms was late by %d ms at worst%n",
                    CYCLES,
                    acknowledged.size(),
                    median,
                    recoveries.get((recoveries.size() * 99 - 1) / 100) / 1_000_000,
                    recoveries.get(recoveries.size() - 1) / 1_000_000,
                    Collections.max(rates),
                    worstPause);
            assertThat(median).isLessThanOrEqualTo(250 + worstPause);
            assertThat(Collections.max(rates)).isLessThanOrEqualTo(10);
        }
    }

    private Mono<Void> write(Database db) {
        return Mono.defer(() -> {
            long id = next.incrementAndGet();
            return db.inTransaction(tx -> tx.sql("INSERT INTO written VALUES (:id)")
                            .bind("id", id)
                            .rowsUpdated())
                    .doOnNext(rows -> {
                        acknowledged.add(id);
                        lastSuccess = System.nanoTime();
                    })
                    .then()
                    // What was under way when the server died has failed, as it must.
                    .onErrorResume(failure -> Mono.delay(Duration.ofMillis(1)).then());
        });
    }

    private long awaitSuccessAfter(long moment) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (lastSuccess - moment <= 0) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(1);
        }
        return lastSuccess;
    }

    /** When the server was first seen to let somebody in. */
    private static long accepts(CrashServer server) throws InterruptedException {
        while (true) {
            try {
                DriverManager.getConnection(
                                "jdbc:postgresql://127.0.0.1:%d/postgres?user=postgres".formatted(server.port()))
                        .close();
                return System.nanoTime();
            } catch (SQLException notYet) {
                Thread.sleep(5);
            }
        }
    }

    /** By how many milliseconds a short sleep was late. */
    private static long pause() throws InterruptedException {
        long worst = 0;
        for (int i = 0; i < 20; i++) {
            long start = System.nanoTime();
            Thread.sleep(10);
            worst = Math.max(worst, (System.nanoTime() - start) / 1_000_000 - 10);
        }
        return worst;
    }
}
