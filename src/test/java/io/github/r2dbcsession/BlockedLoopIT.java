package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Signal;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpResources;

/** An application that blocks the event loops of its connections, which it must not: deadlines hold, and nothing is lost. */
@DatabaseTest
class BlockedLoopIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration DEADLINE = Duration.ofMillis(300);

    private final TestDatabase server = TestDatabase.get();

    @Test
    void anIdleConnectionOnABlockedLoopDoesNotOutliveTheDeadline() {
        Database db = Database.builder(server.url(BlockedLoopIT.class))
                .pool(PoolSettings.builder().maxSize(1).maxAcquireTime(DEADLINE).build())
                .build();
        Mono<Integer> read = db.sql("SELECT 1").as(Integer.class).one();
        Mono.defer(() -> read).retry().block(LIMIT);
        // Within its first millisecond a connection is lent without a look at it.
        Mono.delay(Duration.ofMillis(50)).block(LIMIT);
        AtomicBoolean free = new AtomicBoolean();
        AtomicInteger blocked = new AtomicInteger();
        // Busy, for a blocking call would be told by BlockHound.
        AtomicInteger turns = new AtomicInteger();
        int loops = 0;
        for (EventExecutor loop : TcpResources.get().onClient(LoopResources.DEFAULT_NATIVE)) {
            loops++;
            loop.execute(() -> {
                blocked.incrementAndGet();
                while (!free.get()) {
                    turns.incrementAndGet();
                }
            });
        }

        try {
            int all = loops;
            await().atMost(LIMIT).until(() -> blocked.get() == all);
            Signal<Integer> end = read.materialize().block(LIMIT);

            assertThat(end).isNotNull();
            assertThat(end.getThrowable()).isInstanceOf(AcquireTimeoutException.class);
        } finally {
            free.set(true);
        }
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        assertThat(Mono.defer(() -> read).retry().block(LIMIT)).isEqualTo(1);
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(BlockedLoopIT.class));
    }
}
