package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.BlackHole;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy.Way;
import io.github.r2dbcsession.testing.RemoteServer;
import io.github.r2dbcsession.testing.TestDatabase;
import io.github.r2dbcsession.testing.TlsServer;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/** A server that stops answering, in every way and at every moment: each call ends by its deadline, and nothing is left behind. */
@Tag("own-server")
@DatabaseTest
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class BlackHoleIT {

    private static final Duration DEADLINE = Duration.ofMillis(1500);
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final Duration MARGIN = Duration.ofMillis(100);
    private static final Duration HEALING = Duration.ofMillis(500);

    private static final int ROUNDS = "commit".equals(System.getProperty("scale", "commit")) ? 1 : 100;
    /** How the first message of a TLS handshake begins. */
    private static final String CLIENT_HELLO = "\u0016\u0003";

    private static final String SLEEP = "SELECT pg_sleep(60)";

    /** Makes the COMMIT wait: a constraint that is checked then takes its time. */
    private static final String SLOW_COMMIT = """
            CREATE TEMPORARY TABLE slow (n int);
            CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql
              AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION pg_temp.wait();
            INSERT INTO slow VALUES (1)""";

    /** What the client is doing when the server stops answering. */
    private enum Phase {
        /** A connection has been idle for longer than is trusted. */
        IDLE,
        /** A connection was used a moment ago. */
        FRESH,
        STATEMENT,
        /** A statement with a limit of its own. */
        LIMITED,
        TRANSACTION,
        COMMIT,
        /** There is no connection yet. */
        CONNECT,
        /** The server has agreed to TLS. */
        HANDSHAKE,
        /** The server has asked for the password. */
        LOGIN
    }

    private record Round(Phase phase, String outcome, Duration overrun, Duration healing) {

        boolean isInTime() {
            return overrun.compareTo(MARGIN) <= 0 && healing.compareTo(HEALING) <= 0;
        }

        @Override
        public String toString() {
            return "%-12s %-28s overrun %4d ms, healed in %4d ms"
                    .formatted(phase, outcome, overrun.toMillis(), healing.toMillis());
        }
    }

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(BlackHoleIT.class);

    @AfterEach
    void nothingIsLeft() {
        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                row -> row.getBoolean(1),
                name);
        server.awaitNoBackends(name);
    }

    @Test
    void aLinkThatSwallowsEverything() {
        holds(
                "proxy, both ways",
                BlackHole.swallowing(server, BlackHoleIT.class, Set.of(Way.TO_SERVER, Way.TO_CLIENT)),
                Phase.IDLE,
                Phase.FRESH,
                Phase.STATEMENT,
                Phase.LIMITED,
                Phase.TRANSACTION,
                Phase.COMMIT,
                Phase.CONNECT,
                Phase.LOGIN);
    }

    @Test
    void aLinkThatSwallowsTheHandshake() {
        try (TlsServer tls = TlsServer.debian()) {
            tls.configure(
                    Certificates.create().issue(it -> it.addSanDnsName("localhost")),
                    null,
                    "host all app 127.0.0.1/32 scram-sha-256");
            holds(
                    "proxy, TLS",
                    BlackHole.swallowing(tls, BlackHoleIT.class, Set.of(Way.TO_SERVER, Way.TO_CLIENT)),
                    Phase.CONNECT,
                    Phase.HANDSHAKE);
        }
    }

    @Test
    void aLinkThatSwallowsQuestions() {
        holds(
                "proxy, to the server",
                BlackHole.swallowing(server, BlackHoleIT.class, Set.of(Way.TO_SERVER)),
                Phase.FRESH,
                Phase.COMMIT);
    }

    @Test
    void aLinkThatSwallowsAnswers() {
        holds(
                "proxy, to the client",
                BlackHole.swallowing(server, BlackHoleIT.class, Set.of(Way.TO_CLIENT)),
                Phase.FRESH,
                Phase.COMMIT);
    }

    @Test
    void backendsThatAreStopped() {
        assumeTrue(server.isLocal(), "the server's processes are not here to be stopped");
        holds(
                "backends stopped",
                BlackHole.stoppedBackends(server, BlackHoleIT.class),
                Phase.IDLE,
                Phase.FRESH,
                Phase.STATEMENT,
                Phase.LIMITED,
                Phase.TRANSACTION,
                Phase.COMMIT);
    }

    @Test
    void aPostmasterThatIsStopped() {
        assumeTrue(server.isLocal(), "the server's processes are not here to be stopped");
        holds(
                "postmaster stopped",
                BlackHole.stoppedPostmaster(server, BlackHoleIT.class),
                Phase.STATEMENT,
                Phase.CONNECT);
    }

    @Test
    void anInterfaceThatIsDown() {
        assumeTrue(RemoteServer.missing().isEmpty(), RemoteServer::missing);
        holds(
                "interface down",
                RemoteServer.start(name),
                Phase.IDLE,
                Phase.FRESH,
                Phase.STATEMENT,
                Phase.LIMITED,
                Phase.TRANSACTION,
                Phase.COMMIT,
                Phase.CONNECT);
    }

    @Test
    void keepAliveAndUserTimeoutEndWhatHasNoDeadline() {
        assumeTrue(RemoteServer.missing().isEmpty(), RemoteServer::missing);
        try (RemoteServer remote = RemoteServer.start(name)) {
            Database waiting =
                    Database.of(remote.url() + "&keepalives_idle=1&keepalives_interval=1&keepalives_count=2");
            Database asking = Database.of(remote.url() + "&keepalives=0&tcp_user_timeout=2000");
            Mono<Void> answer = waiting.sql(SLEEP).rowsUpdated().then();
            Mono<Void> question = asking.sql("SELECT 1")
                    .rowsUpdated()
                    .then(Mono.fromRunnable(remote::strike).subscribeOn(Schedulers.boundedElastic()))
                    .then(asking.sql("SELECT 1").rowsUpdated())
                    .then();
            var answered = answer.toFuture();
            await().atMost(LIMIT).until(remote::isAsleep);
            var asked = question.toFuture();

            assertThat(answered).failsWithin(Duration.ofSeconds(10));
            assertThat(asked).failsWithin(Duration.ofSeconds(10));
            // A connect that was begun meanwhile has its own limit.
            await().atMost(LIMIT).until(() -> remote.sockets() == 0);
            waiting.close().block(LIMIT);
            asking.close().block(LIMIT);
        }
    }

    private void holds(String fault, BlackHole hole, Phase... phases) {
        List<Round> rounds = new ArrayList<>();
        try (hole) {
            for (int i = 0; i < ROUNDS; i++) {
                for (Phase phase : phases) {
                    Round first = round(hole, phase);
                    rounds.add(first.isInTime() ? first : again(fault, first, hole));
                }
            }
        }
        rounds.forEach(round -> System.out.printf("%-20s %s%n", fault, round));
        assertThat(rounds).allMatch(Round::isInTime);
    }

    /** A machine that stands still for a moment is late in one round and not in two. */
    private Round again(String fault, Round late, BlackHole hole) {
        System.out.printf("%-20s %s, late: once more%n", fault, late);
        return round(hole, late.phase);
    }

    private Round round(BlackHole hole, Phase phase) {
        Database db = Database.builder(hole.url())
                .name("black hole in " + phase)
                .pool(PoolSettings.builder().maxSize(3).maxAcquireTime(DEADLINE).build())
                .transactions(TransactionOptions.defaults().deadline(DEADLINE))
                .drainTime(Duration.ZERO)
                .build();
        try {
            Mono<?> work = prepared(hole, phase, db);
            long start = System.nanoTime();
            Mono<Long> control = Mono.delay(DEADLINE).map(tick -> System.nanoTime() - start);
            Mono<String> call = work.<String>map(answer -> "answered")
                    .onErrorResume(failure -> Mono.just(failure.getClass().getSimpleName()))
                    .defaultIfEmpty("done");
            Mono<Long> struck = Mono.<Long>fromRunnable(() -> strikeWhile(hole, phase))
                    .subscribeOn(Schedulers.boundedElastic())
                    .defaultIfEmpty(0L);
            record Ended(String outcome, long after) {}
            var ended = Mono.zip(
                            named("the call", call.map(outcome -> new Ended(outcome, System.nanoTime() - start)), db),
                            named("the control", control, db),
                            named("the strike", struck, db))
                    .block();
            Duration overrun = Duration.ofNanos(ended.getT1().after - ended.getT2());
            hole.heal();
            Duration healing = healing(hole, db);
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
            db.close().block(LIMIT);
            if (hole.sockets() >= 0) {
                await().atMost(Duration.ofSeconds(5)).until(() -> hole.sockets() == 0);
            }
            return new Round(phase, ended.getT1().outcome, overrun, healing);
        } finally {
            hole.heal();
            db.close().block(LIMIT);
        }
    }

    /** Brings the client to where the phase begins, and returns the call that must end by the deadline. */
    private Mono<?> prepared(BlackHole hole, Phase phase, Database db) {
        if (!Set.of(Phase.CONNECT, Phase.HANDSHAKE, Phase.LOGIN).contains(phase)) {
            db.sql("SELECT 1").rowsUpdated().retry(10).block(LIMIT);
            await().atMost(LIMIT)
                    .until(() -> db.stats().allocated() == db.stats().idle()
                            && db.stats().connecting() == 0);
        }
        return switch (phase) {
            case IDLE -> {
                Mono.delay(Duration.ofMillis(1100)).block(LIMIT);
                hole.strike();
                yield db.sql("SELECT 1").rowsUpdated();
            }
            case CONNECT -> {
                hole.strike();
                yield db.sql("SELECT 1").rowsUpdated();
            }
            case HANDSHAKE -> {
                assertThat(hole.strikeFrom(CLIENT_HELLO)).isTrue();
                yield db.sql("SELECT 1").rowsUpdated();
            }
            case LOGIN -> {
                assertThat(hole.strikeFrom("SCRAM-SHA-256")).isTrue();
                yield db.sql("SELECT 1").rowsUpdated();
            }
            case FRESH -> {
                hole.strike();
                yield db.sql("SELECT 1").rowsUpdated().timeout(DEADLINE);
            }
            case STATEMENT -> db.sql(SLEEP).rowsUpdated().timeout(DEADLINE);
            case LIMITED -> db.sql(SLEEP).timeout(DEADLINE).rowsUpdated();
            case TRANSACTION ->
                db.inTransaction(tx ->
                        tx.sql("SELECT 1").rowsUpdated().then(tx.sql(SLEEP).rowsUpdated()));
            case COMMIT -> db.inTransaction(tx -> tx.sql(SLOW_COMMIT).rowsUpdated());
        };
    }

    private static void strikeWhile(BlackHole hole, Phase phase) {
        if (Set.of(Phase.STATEMENT, Phase.LIMITED, Phase.TRANSACTION, Phase.COMMIT)
                .contains(phase)) {
            await().pollInterval(Duration.ofMillis(20)).atMost(DEADLINE).until(hole::isAsleep);
            hole.strike();
        }
    }

    /**
     * How much longer than three bare connects the first success takes that is asked for once the server answers again, less what a timer
     * is late that is set for the limit. A connect may be waited for as long as that before another is begun.
     */
    private static Duration healing(BlackHole hole, Database db) {
        long start = System.nanoTime();
        PostgresqlConnectionFactory bare = new PostgresqlConnectionFactory(PostgresqlConnectionFactoryProvider.builder(
                        ConnectionString.parse(hole.url()).toConnectionFactoryOptions())
                .build());
        Mono<Long> control = Mono.usingWhen(
                bare.create().retryWhen(Retry.fixedDelay(1_000, Duration.ofMillis(10))),
                connection -> Mono.just(System.nanoTime() - start),
                Connection::close);
        Mono<Long> ours = db.sql("SELECT 1").rowsUpdated().retry().map(answer -> System.nanoTime() - start);
        Mono<Long> late = Mono.delay(HEALING).map(tick -> System.nanoTime() - start - HEALING.toNanos());
        return Mono.zip(named("ours", ours, db), named("the control", control, db), late)
                .map(times -> Duration.ofNanos(times.getT1() - 3 * times.getT2() - times.getT3()))
                .block();
    }

    private static <T> Mono<T> named(String who, Mono<T> end, Database db) {
        return end.timeout(
                LIMIT,
                Mono.error(() -> new AssertionError(
                        "no end of %s, %s, %s, held by %s".formatted(who, db.name(), db.stats(), db.holders()))));
    }
}
