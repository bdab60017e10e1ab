package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Callers who give up while connecting is slow leave no socket behind, and never make more than the pool may have. */
@DatabaseTest
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SlowConnectIT {

    private static final int CALLERS = "commit".equals(System.getProperty("scale", "commit")) ? 50 : 1_000;
    private static final int MAX_SIZE = 4;
    private static final Duration LIMIT = Duration.ofSeconds(30).plusMillis(20L * CALLERS);

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(SlowConnectIT.class);

    @Test
    void everySocketIsPooledOrClosed() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (FaultProxy proxy = FaultProxy.before(server)) {
            proxy.delay(Duration.ofMillis(40));
            Database db = Database.builder(proxy.url(server, SlowConnectIT.class))
                    .pool(PoolSettings.builder().maxSize(MAX_SIZE).build())
                    .drainTime(Duration.ZERO)
                    .build();

            Flux.range(0, CALLERS)
                    .flatMap(
                            i -> db.inSession(session -> Mono.delay(Duration.ofMillis(5)))
                                    .takeUntilOther(Mono.delay(Duration.ofMillis(random.nextInt(400)))),
                            2 * MAX_SIZE)
                    .blockLast(LIMIT);

            await().atMost(LIMIT)
                    .until(() -> db.stats().acquired() == 0
                            && db.stats().recovering() == 0
                            && db.stats().connecting() == 0);
            assertThat(proxy.most()).as("sockets at a time, seed %d", seed).isLessThanOrEqualTo(MAX_SIZE);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(proxy.open())
                            .as("sockets, seed %d", seed)
                            .isEqualTo(db.stats().allocated()));
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(server.backends(name))
                            .as("backends, seed %d", seed)
                            .hasSize(db.stats().allocated()));
            db.close().block(LIMIT);
            await().atMost(LIMIT).until(() -> proxy.open() == 0);
        }
        server.awaitNoBackends(name);
    }
}
