package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Whoever is to connect rests while there is nothing to be done. */
@DatabaseTest
class SupplyIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration WHILE = Duration.ofMillis(500);

    private final AtomicInteger scheduled = new AtomicInteger();
    private final StackWalker stack = StackWalker.getInstance();

    @AfterEach
    void listenNoMore() {
        Schedulers.resetOnScheduleHook("supply");
    }

    @Test
    void itRestsOnceThePoolIsClosed() {
        Database db = Database.builder(TestDatabase.get().url(SupplyIT.class))
                .pool(PoolSettings.builder().maxSize(3).minIdle(2).build())
                .build();
        db.sql("SELECT 1").rowsUpdated().block(LIMIT);
        await().atMost(LIMIT).until(() -> db.stats().idle() >= 2);
        db.close().block(LIMIT);

        assertThat(alarmsIn(WHILE)).isLessThan(20);
    }

    @Test
    void itRestsWhileItsFirstAttemptHangs() {
        try (FakeServer silent = FakeServer.silent()) {
            Database db = Database.builder("postgresql://app:x@127.0.0.1:" + silent.port() + "/shop?sslmode=disable")
                    .pool(PoolSettings.builder().maxSize(3).build())
                    .build();
            Disposable waiting = db.sql("SELECT 1").rowsUpdated().subscribe(rows -> {}, failure -> {});
            await().atMost(LIMIT).until(() -> silent.accepted() == 1);

            // Long enough to count as one that hangs.
            Mono.delay(Duration.ofSeconds(2)).block(LIMIT);
            assertThat(alarmsIn(WHILE)).isLessThan(20);
            waiting.dispose();
            db.close().block(LIMIT);
        }
    }

    private int alarmsIn(Duration time) {
        Schedulers.onScheduleHook("supply", task -> {
            if (stack.walk(
                    frames -> frames.anyMatch(frame -> frame.getClassName().equals(Supply.class.getName())))) {
                scheduled.incrementAndGet();
            }
            return task;
        });
        Mono.delay(time).block(LIMIT);
        return scheduled.get();
    }
}
