package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.CredentialsUnavailableException;
import io.github.r2dbcsession.testing.Backend;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

@DatabaseTest
class CredentialsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String CANARY = "c4nary";
    private static final TestDatabase SERVER = TestDatabase.get();

    private final String name = TestDatabase.applicationName(CredentialsIT.class);
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicReference<Credentials> now = new AtomicReference<>(Credentials.of("rotating", "first"));
    private final Mono<Credentials> source = Mono.fromSupplier(() -> {
        asked.incrementAndGet();
        return now.get();
    });

    @BeforeEach
    void role() {
        SERVER.execute("DROP ROLE IF EXISTS rotating");
        SERVER.execute("CREATE ROLE rotating LOGIN PASSWORD 'first'");
    }

    @AfterAll
    static void drop() {
        SERVER.awaitNoBackends(TestDatabase.applicationName(CredentialsIT.class));
        SERVER.execute("DROP ROLE IF EXISTS rotating");
    }

    @Test
    void eachConnectAsksAwayFromTheEventLoopInAnEmptyContext() {
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        Connector connector = connector(Mono.deferContextual(context -> {
            seen.add(Thread.currentThread().getName().replaceAll("-.*", "") + context.size());
            return source;
        }));

        connect(connector);
        connect(connector);

        assertThat(seen).containsExactly("boundedElastic0", "boundedElastic0");
        assertThat(asked).hasValue(2);
    }

    @Test
    void connectsAtTheSameTimeAskOnce() {
        Connector connector = connector(source.delaySubscription(Duration.ofMillis(300)));

        StepVerifier.create(Flux.range(0, 8).flatMap(i -> connector.connect().flatMap(PhysicalConnection::close), 8))
                .expectComplete()
                .verify(LIMIT);

        assertThat(asked).hasValue(1);
    }

    @Test
    void anAnswerIsKeptForItsLifetimeOnly() {
        now.set(now.get().validFor(Duration.ofMillis(500)));
        Connector connector = connector(source);

        connect(connector);
        connect(connector);
        assertThat(asked).hasValue(1);
        await().atMost(LIMIT).until(() -> {
            connect(connector);
            return asked.get() == 2;
        });
    }

    @Test
    void aPasswordThatChangedWithinItsLifetimeIsAskedForAgain() {
        now.set(now.get().validFor(Duration.ofHours(1)));
        Connector connector = connector(source);
        connect(connector);

        SERVER.execute("ALTER ROLE rotating PASSWORD 'second'");
        now.set(Credentials.of("rotating", "second").validFor(Duration.ofHours(1)));

        connect(connector);
        connect(connector);
        assertThat(asked).hasValue(2);
    }

    @Test
    void aSourceThatFailsIsToldApartWithoutItsWords() {
        Connector connector = connector(Mono.error(() ->
                new IllegalStateException("token " + CANARY, new IllegalArgumentException("password " + CANARY))));

        StepVerifier.create(connector.connect())
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(CredentialsUnavailableException.class)
                            .hasMessageContaining("failed with java.lang.IllegalStateException");
                    StringWriter all = new StringWriter();
                    failure.printStackTrace(new PrintWriter(all));
                    assertThat(all.toString()).contains("CredentialsIT").doesNotContain(CANARY);
                })
                .verify(LIMIT);
    }

    @Test
    void aSourceThatThrowsOrIsEmptyOrSilentIsToldApart() {
        unavailable(
                Mono.defer(() -> {
                    throw new IllegalStateException(CANARY);
                }),
                "failed with java.lang.IllegalStateException");
        unavailable(Mono.empty(), "completed without credentials");
        unavailable(Mono.never(), "did not answer");
    }

    @Test
    void aSourceThatFailsIsAskedAFewTimesASecondAtMost() {
        Connector connector = connector(Mono.defer(() -> {
            asked.incrementAndGet();
            return Mono.error(new IllegalStateException("down"));
        }));

        Flux.range(0, 20)
                .flatMap(
                        i -> connector
                                .connect()
                                .onErrorComplete(CredentialsUnavailableException.class)
                                .repeat(),
                        20)
                .take(Duration.ofSeconds(2))
                .then()
                .block(LIMIT);

        assertThat(asked.get()).isBetween(2, 9);
    }

    @Test
    void aSourceThatRecoversIsUsedAgain() {
        AtomicInteger failing = new AtomicInteger(2);
        Connector connector = connector(Mono.defer(
                () -> failing.getAndDecrement() > 0 ? Mono.error(new IllegalStateException("down")) : source));

        StepVerifier.create(connector.connect().retry(2).flatMap(PhysicalConnection::close))
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aWrongPasswordReachesTheServerThreeTimesUntilItChanges() {
        String refusal = "SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0";
        byte[] fields = refusal.getBytes(StandardCharsets.US_ASCII);
        byte[] message = ByteBuffer.allocate(fields.length + 5)
                .put((byte) 'E')
                .putInt(fields.length + 4)
                .put(fields)
                .array();
        try (FakeServer refusing = FakeServer.answering(message)) {
            Connector connector = new Connector(
                    ConnectionString.parse("postgresql://127.0.0.1:" + refusing.port() + "/d?sslmode=disable"),
                    LIMIT,
                    TcpResources.get(),
                    new ConnectListener() {},
                    source);
            Flux<Throwable> storm = Flux.range(0, 50)
                    .flatMap(
                            i -> connector
                                    .connect()
                                    .then(Mono.<Throwable>empty())
                                    .onErrorResume(Mono::just),
                            50);

            for (int secret = 1; secret <= 2; secret++) {
                now.set(Credentials.of("app", CANARY + secret));
                StepVerifier.create(storm.collectList())
                        .assertNext(failures -> assertThat(failures)
                                .hasSize(50)
                                .allSatisfy(failure -> assertThat(failure)
                                        .isInstanceOf(AuthenticationFailedException.class)
                                        .hasMessageNotContaining(CANARY)))
                        .expectComplete()
                        .verify(LIMIT);
                assertThat(refusing.accepted()).isEqualTo(3 * secret);
            }
        }
    }

    @Test
    void rotationOnALiveServerLosesNoWorkAndRetiresOldConnections() {
        Database db = Database.builder(SERVER.url(CredentialsIT.class))
                .credentials(source)
                .pool(PoolSettings.builder().maxSize(4).build())
                .build();
        try {
            Mono<Long> one = db.sql("SELECT 1::bigint").as(Long.class).one();
            db.warmUp(4).block(LIMIT);
            Flux.range(0, 40).flatMap(i -> one, 40).blockLast(LIMIT);
            Set<Integer> before = pids();
            assertThat(before).hasSize(4);

            SERVER.execute("ALTER ROLE rotating PASSWORD 'second'");
            now.set(Credentials.of("rotating", "second"));
            Mono.usingWhen(db.openDedicatedSession(), session -> Mono.just(1), session -> session.close())
                    .block(LIMIT);

            AtomicInteger done = new AtomicInteger();
            await().atMost(Duration.ofSeconds(15)).until(() -> {
                Flux.range(0, 20).flatMap(i -> one, 20).blockLast(LIMIT);
                done.addAndGet(20);
                return Collections.disjoint(pids(), before);
            });
            assertThat(done.get()).as("they did not go all at once").isGreaterThan(20);
        } finally {
            db.close().block(LIMIT);
        }
    }

    private Set<Integer> pids() {
        return SERVER.backends(name).stream().map(Backend::pid).collect(Collectors.toSet());
    }

    private void unavailable(Mono<Credentials> source, String message) {
        Connector connector = new Connector(
                ConnectionString.parse(url()),
                Duration.ofMillis(300),
                TcpResources.get(),
                new ConnectListener() {},
                source);
        StepVerifier.create(connector.connect())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(CredentialsUnavailableException.class)
                        .hasMessageContaining(message)
                        .hasMessageNotContaining(CANARY))
                .verify(LIMIT);
    }

    private static void connect(Connector connector) {
        StepVerifier.create(connector
                        .connect()
                        .contextWrite(context -> context.put("caller", "mine"))
                        .subscribeOn(Schedulers.parallel())
                        .flatMap(PhysicalConnection::close))
                .expectComplete()
                .verify(LIMIT);
    }

    private String url() {
        return "postgresql://%s:%d/%s?application_name=%s"
                .formatted(SERVER.host(), SERVER.port(), SERVER.database(), name);
    }

    private Connector connector(Mono<Credentials> source) {
        return new Connector(
                ConnectionString.parse(url()), LIMIT, TcpResources.get(), new ConnectListener() {}, source);
    }
}
