package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.testing.Backend;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.netty.tcp.TcpResources;

/**
 * Random commands to a pool on a real server, and after each what a queue and two numbers say must be: callers are served in the order in
 * which they came, nobody shares a server process, and connections are where they are said to be.
 */
@DatabaseTest
class PoolModelIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String NAME = TestDatabase.applicationName(PoolModelIT.class);

    private final TestDatabase server = TestDatabase.get();
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final int steps = steps();
    private final LeasePool pool = pool(settings(3));

    /** Callers with leases, in no order, and without, in theirs. */
    private final List<Caller> served = new ArrayList<>();

    private final Deque<Caller> waiting = new ArrayDeque<>();
    private int size = 3;
    private boolean suspended;

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void theModelIsKept() {
        for (int step = 0; step < steps; step++) {
            String command = command();
            check("seed %d, step %d, %s".formatted(seed, step, command));
        }
        waiting.forEach(Caller::cancel);
        served.forEach(Caller::release);
        pool.close(Duration.ofSeconds(5)).block(LIMIT);
        server.awaitNoBackends(NAME);
    }

    private String command() {
        return switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4, 5, 6 -> acquire();
            case 7, 8, 9, 10, 11, 12 -> release();
            case 13, 14 -> cancel();
            case 15 -> kill();
            case 16 -> evict();
            case 17 -> resize();
            default -> suspendOrResume();
        };
    }

    private String acquire() {
        if (waiting.size() < 5) {
            Caller caller = new Caller();
            waiting.add(caller);
            caller.start();
        }
        return "acquire";
    }

    private String release() {
        if (!served.isEmpty()) {
            served.remove(random.nextInt(served.size())).release();
        }
        return "release";
    }

    /** The last to come goes: one that is about to be served might be either. */
    private String cancel() {
        if (!waiting.isEmpty()) {
            waiting.removeLast().cancel();
        }
        return "cancel";
    }

    /** Ends the server process of a lease or of an idle connection. */
    private String kill() {
        List<Backend> all = server.backends(NAME);
        if (!all.isEmpty()) {
            int victim = all.get(random.nextInt(all.size())).pid();
            served.stream().filter(caller -> caller.pid == victim).forEach(Caller::expectDeath);
            server.query("SELECT pg_terminate_backend(?, 5000)", row -> row.getBoolean(1), victim);
        }
        return "kill";
    }

    private String evict() {
        pool.evictIdle().block(LIMIT);
        return "evictIdle";
    }

    private String resize() {
        size = 1 + random.nextInt(4);
        pool.resize(size, 0);
        return "resize to " + size;
    }

    private String suspendOrResume() {
        // Who waits already would be served still.
        if (!suspended && waiting.isEmpty()) {
            suspended = true;
            pool.suspend().subscribe();
            return "suspend";
        }
        suspended = false;
        pool.resume();
        return "resume";
    }

    private void check(String what) {
        int places = suspended ? 0 : Math.max(0, size - (int) alive());
        int due = Math.min(places, waiting.size());
        for (int i = 0; i < due; i++) {
            Caller next = waiting.removeFirst();
            await(what + ": caller " + i + " is served")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> next.lease != null);
            served.add(next);
            next.ask();
        }
        assertThat(waiting).as(what).allMatch(caller -> caller.lease == null);
        assertThat(served.stream().filter(caller -> !caller.dead).map(caller -> caller.pid))
                .as(what)
                .doesNotHaveDuplicates();
        await(what + ": figures are those of the server")
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(this::figuresAgree);
    }

    private void figuresAgree() {
        PoolStats stats = pool.stats();
        long alive = alive();
        assertThat(stats.recovering()).isZero();
        assertThat(stats.connecting()).isZero();
        assertThat(stats.acquired()).isEqualTo(served.size());
        assertThat(stats.pending()).isEqualTo(waiting.size());
        assertThat(alive + stats.idle())
                .as("%s", stats)
                .isEqualTo(server.backends(NAME).size());
        assertThat(alive + stats.idle()).isLessThanOrEqualTo(Math.max(size, alive));
    }

    /** How many leases have a connection still; a new one may take the place of one that ended. */
    private long alive() {
        return served.stream().filter(caller -> !caller.dead).count();
    }

    /** One who acquires, and asks the server which process it got. */
    private final class Caller {

        private volatile Lease lease;
        private Disposable acquiring;
        private int pid;
        private boolean dead;

        void start() {
            acquiring = pool.acquire().subscribe(given -> lease = given);
        }

        void ask() {
            pid = lease.converse(
                            "SELECT pg_backend_pid()",
                            statement -> {},
                            result -> result.map(row -> {
                                Integer number = row.get(0, Integer.class);
                                return number == null ? 0 : number;
                            }))
                    .blockLast(LIMIT);
        }

        void expectDeath() {
            dead = true;
        }

        void release() {
            lease.release().block(LIMIT);
        }

        void cancel() {
            acquiring.dispose();
        }
    }

    private static int steps() {
        return switch (System.getProperty("scale", "commit")) {
            case "weekly" -> 100_000;
            case "nightly" -> 20_000;
            default -> 300;
        };
    }

    private static PoolSettings settings(int size) {
        return PoolSettings.builder()
                .maxSize(size)
                .maxAcquireTime(Duration.ofMinutes(5))
                .build();
    }

    private LeasePool pool(PoolSettings settings) {
        Audience none = new Audience() {};
        return new LeasePool(
                "model",
                settings,
                new Connector(
                        ConnectionString.parse(server.url(PoolModelIT.class)),
                        settings.maxCreateConnectionTime(),
                        TcpResources.get(),
                        none,
                        null),
                none);
    }
}
