package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A statement that is stopped just when it ends by itself: the request to stop it must not stop the next borrower's. */
@DatabaseTest
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class LateCancelIT {

    private static final int ROUNDS = "commit".equals(System.getProperty("scale", "commit")) ? 500 : 10_000;
    private static final int POOL = 4;
    private static final Duration LIMIT = Duration.ofMinutes(1).plusMillis(200L * ROUNDS);

    private final TestDatabase server = TestDatabase.get();

    @Test
    void noInnocentStatementIsHit() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (FaultProxy proxy = FaultProxy.before(server)) {
            Database db = Database.builder(proxy.url(server, LateCancelIT.class))
                    .pool(PoolSettings.builder().maxSize(POOL).build())
                    .build();

            Long innocent = Flux.range(0, ROUNDS)
                    .flatMap(
                            i -> db.sql(sleep(40 + random.nextInt(40)))
                                    .rowsUpdated()
                                    .timeout(Duration.ofMillis(1 + random.nextInt(10)))
                                    .onErrorResume(TimeoutException.class, late -> Mono.empty())
                                    .then(db.sql("SELECT pg_sleep(0.005)").rowsUpdated()),
                            POOL)
                    .count()
                    .block(LIMIT);

            long cancels = proxy.openings().stream()
                    .filter(opening -> opening == FaultProxy.CANCEL_REQUEST)
                    .count();
            System.out.printf(
                    "%d innocent statements, %d cancel requests, %d connections, seed %d%n",
                    innocent, cancels, proxy.accepted() - cancels, seed);
            assertThat(innocent).as("seed %d", seed).isEqualTo(ROUNDS);
            assertThat(cancels).as("requests to stop a statement").isPositive();
            db.close().block(LIMIT);
        }
        server.awaitNoBackends(TestDatabase.applicationName(LateCancelIT.class));
    }

    private static String sleep(int millis) {
        return String.format(Locale.ROOT, "SELECT pg_sleep(%.3f)", millis / 1000.0);
    }
}
