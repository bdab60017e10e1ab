package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.Notification.Cause;
import io.github.r2dbcsession.Notification.Gap;
import io.github.r2dbcsession.Notification.Message;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.BlackHole;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Channels listened to: messages come once, gaps are marked, and one connection serves all. */
@DatabaseTest
@Timeout(600)
class ListenIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int KILLS = "commit".equals(System.getProperty("scale", "commit")) ? 20 : 200;

    private final TestDatabase server = TestDatabase.get();
    private final String application = TestDatabase.applicationName(ListenIT.class);
    private final List<Notification> heard = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(server.url(ListenIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    @AfterEach
    void close() {
        db.close().block(LIMIT);
        server.awaitNoBackends(application);
    }

    @ParameterizedTest
    @ValueSource(strings = {"orders", "Orders", "o r\"d;e'rs", "Bestellungen für Zoë", "select"})
    void aMessageArrivesOnItsChannelAlone(String channel) {
        StepVerifier.create(db.listen(channel).take(3))
                .expectNext(new Gap(channel, Cause.STARTED))
                .then(() -> db.notify("elsewhere", "x")
                        .then(db.notify(channel.toUpperCase(java.util.Locale.ROOT) + "_", "y"))
                        .then(db.notify(channel, "1"))
                        .then(db.notify(channel, ""))
                        .block(LIMIT))
                .assertNext(message -> isMessage(message, channel, "1"))
                .assertNext(message -> isMessage(message, channel, ""))
                .expectComplete()
                .verify(LIMIT);
    }

    private static void isMessage(Notification notification, String channel, String payload) {
        assertThat(notification).isInstanceOfSatisfying(Message.class, message -> {
            assertThat(message.channel()).isEqualTo(channel);
            assertThat(message.payload()).isEqualTo(payload);
            assertThat(message.sender()).isPositive();
        });
    }

    @Test
    void aMessageOfATransactionArrivesWhenItCommits() {
        StepVerifier.create(db.listen("orders").take(2))
                .expectNextCount(1)
                .then(() -> db.inTransaction(
                                tx -> tx.notify("orders", "undone").then(Mono.error(new IllegalStateException())))
                        .onErrorComplete()
                        .then(db.inTransaction(tx -> tx.notify("orders", "done").then(tx.notify("orders", "done"))))
                        .block(LIMIT))
                .assertNext(message -> isMessage(message, "orders", "done"))
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void oneConnectionServesAllAndGoesWithTheLast() {
        Disposable orders = listen("orders");
        Disposable again = listen("orders");
        Disposable returns = listen("returns");
        awaitHeard(3);
        assertThat(listeners()).hasSize(1);
        assertThat(db.stats().allocated()).as("the pool knows nothing of it").isZero();

        server.execute("NOTIFY orders, 'a'; NOTIFY returns, 'b'");
        awaitHeard(6);
        assertThat(heard.stream().filter(Message.class::isInstance).map(n -> n.channel()))
                .containsExactlyInAnyOrder("orders", "orders", "returns");

        again.dispose();
        returns.dispose();
        await().atMost(LIMIT).until(() -> listeners().equals(List.of("UNLISTEN \"returns\"")));
        server.execute("NOTIFY orders, 'c'; NOTIFY returns, 'd'");
        awaitHeard(7);
        orders.dispose();
        await().atMost(LIMIT).until(() -> listeners().isEmpty());

        Disposable later = listen("orders");
        awaitHeard(8);
        assertThat(heard.get(7)).isEqualTo(new Gap("orders", Cause.STARTED));
        later.dispose();
    }

    /** Numbers are sent one after another while the connection is killed again and again. */
    @Test
    void everyGapIsMarkedAndNothingArrivesTwice() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Disposable listening = listen("orders");
        awaitHeard(1);
        Thread sender = new Thread(() -> send(over), "sender");
        sender.start();
        for (int kill = 1; kill <= KILLS; kill++) {
            int gaps = kill;
            server.query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                    row -> row.getBoolean(1),
                    application);
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> heard.stream().filter(Gap.class::isInstance).count() > gaps);
        }
        over.set(true);
        sender.join();
        await().atMost(LIMIT)
                .until(() -> heard.get(heard.size() - 1) instanceof Message last
                        && last.payload().equals("last"));
        listening.dispose();

        int last = -1;
        boolean gap = false;
        int missed = 0;
        int messages = 0;
        for (Notification notification : heard) {
            if (notification instanceof Message message && !message.payload().equals("last")) {
                int number = Integer.parseInt(message.payload());
                assertThat(number).as("after %d", last).isGreaterThan(last);
                if (number > last + 1) {
                    assertThat(gap)
                            .as("a gap is marked between %d and %d", last, number)
                            .isTrue();
                    missed += number - last - 1;
                }
                last = number;
                gap = false;
                messages++;
            } else {
                gap = true;
            }
        }
        System.out.printf("%d kills, %d messages heard, %d missed%n", KILLS, messages, missed);
        assertThat(heard.stream().filter(Gap.class::isInstance).map(mark -> ((Gap) mark).cause()))
                .startsWith(Cause.STARTED)
                .filteredOn(cause -> cause == Cause.RECONNECTED)
                .hasSize(KILLS);
    }

    private void send(AtomicBoolean over) {
        try (Connection connection = server.open("sender")) {
            for (int number = 0; !over.get(); number++) {
                connection.createStatement().execute("NOTIFY orders, '" + number + "'");
            }
            connection.createStatement().execute("NOTIFY orders, 'last'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSlowSubscriberIsToldOfWhatItMissed() {
        int sent = Notifications.KEPT + 500;
        StepVerifier.create(db.listen("orders"), 1)
                .expectNext(new Gap("orders", Cause.STARTED))
                .then(() -> {
                    server.query("SELECT pg_notify('orders', n::text) FROM generate_series(1, ?) n", row -> 1, sent);
                    // The last one is behind them all on the same connection.
                    StepVerifier.create(db.listen("orders")
                                    .skipUntil(Message.class::isInstance)
                                    .take(1))
                            .expectSubscription()
                            .then(() -> awaitEnd())
                            .expectNextCount(1)
                            .expectComplete()
                            .verify(LIMIT);
                })
                .thenRequest(Long.MAX_VALUE)
                .recordWith(CopyOnWriteArrayList::new)
                .thenConsumeWhile(notification -> !(notification instanceof Message message)
                        || !message.payload().equals("end"))
                .consumeRecordedWith(all -> {
                    assertThat(all)
                            .filteredOn(Gap.class::isInstance)
                            .containsExactly(new Gap("orders", Cause.OVERFLOWED));
                    assertThat(all).hasSizeLessThan(sent);
                })
                .thenCancel()
                .verify(LIMIT);
    }

    private void awaitEnd() {
        await().atMost(LIMIT).pollDelay(Duration.ofMillis(200)).until(() -> true);
        server.execute("NOTIFY orders, 'end'");
    }

    @Test
    void aSilentServerIsFoundOut() {
        assumeTrue(KILLS > 20, "takes half a minute");
        assumeTrue(server.isLocal(), "the server's processes are not here to be stopped");
        try (BlackHole hole = BlackHole.stoppedBackends(server, ListenIT.class)) {
            listen("orders");
            awaitHeard(1);
            hole.strike();
            await().atMost(LIMIT.multipliedBy(2)).until(() -> heard.contains(new Gap("orders", Cause.RECONNECTED)));
        }
    }

    @Test
    void closingTheDatabaseCompletes() {
        StepVerifier.create(db.listen("orders"))
                .expectNextCount(1)
                .then(() -> db.close().block(LIMIT))
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.listen("orders")).expectComplete().verify(LIMIT);
    }

    @Test
    void aFirstConnectThatCanNeverSucceedFails() {
        Database wrong = Database.of("postgresql://nobody:wrong@%s:%d/%s?sslmode=disable"
                .formatted(server.host(), server.port(), server.database()));

        StepVerifier.create(wrong.listen("orders"))
                .expectErrorSatisfies(failure -> assertThat(failure).isInstanceOf(io.r2dbc.spi.R2dbcException.class))
                .verify(LIMIT);
        wrong.close().block(LIMIT);
    }

    @Test
    void aNameThatTheServerWouldCutOffIsRefused() {
        for (String name : List.of("", "n".repeat(64), "ü".repeat(32), "a\0b")) {
            assertThatThrownBy(() -> db.listen(name)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> db.notify(name, "")).isInstanceOf(IllegalArgumentException.class);
        }
        StepVerifier.create(db.listen("n".repeat(63)).take(1))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aPayloadThatTheServerWouldRefuseIsRefusedBefore() {
        for (String payload : List.of("p".repeat(8_000), "ü".repeat(4_000))) {
            assertThatThrownBy(() -> db.notify("orders", payload))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("8000 bytes");
        }
        assertThatThrownBy(() -> db.notify("orders", "a\0b")).isInstanceOf(StatementException.class);
        String longest = "ü".repeat(3_999) + "p";
        StepVerifier.create(db.listen("orders").take(2))
                .expectNextCount(1)
                .then(() -> db.notify("orders", longest).block(LIMIT))
                .assertNext(message -> isMessage(message, "orders", longest))
                .expectComplete()
                .verify(LIMIT);
    }

    private Disposable listen(String channel) {
        return db.listen(channel).subscribe(heard::add);
    }

    private void awaitHeard(int count) {
        await().atMost(LIMIT).until(() -> heard.size() >= count);
    }

    private List<String> listeners() {
        return server.backends(application).stream()
                .map(backend -> backend.query())
                .toList();
    }
}
