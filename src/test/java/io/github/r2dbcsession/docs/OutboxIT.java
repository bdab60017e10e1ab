package io.github.r2dbcsession.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The recipe of the outbox keeps what its page says. */
@DatabaseTest
class OutboxIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final TestDatabase server = TestDatabase.get();
    private final String table = TestDatabase.schema(OutboxIT.class) + ".outbox";
    private final List<String> published = new CopyOnWriteArrayList<>();
    private final Database db = Database.builder(server.url(OutboxIT.class))
            .pool(PoolSettings.builder().maxSize(4).build())
            .build();
    private final Outbox outbox = new Outbox(db, Duration.ofMillis(50));

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + table);
        server.execute("CREATE TABLE " + table + " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                + " topic text NOT NULL, payload text NOT NULL)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(OutboxIT.class));
    }

    @Test
    void whatCommitsIsPublishedInOrderAndWhatDoesNotIsNot() {
        db.inTransaction(tx -> outbox.add("t", "a").then(outbox.add("t", "b"))).block(LIMIT);
        db.inTransaction(tx -> outbox.add("t", "lost").then(Mono.error(new IllegalStateException())))
                .onErrorComplete()
                .block(LIMIT);

        assertThat(outbox.relayBatch(this::publish).block(LIMIT)).isEqualTo(2);
        assertThat(published).containsExactly("a", "b");
        assertThat(outbox.relayBatch(this::publish).block(LIMIT)).isZero();
    }

    @Test
    void aPublisherThatFailsGetsTheMessagesAgain() {
        outbox.add("t", "a").block(LIMIT);

        outbox.relayBatch(message -> Mono.error(new IllegalStateException("broker is down")))
                .onErrorComplete()
                .block(LIMIT);
        assertThat(outbox.relayBatch(this::publish).block(LIMIT)).isEqualTo(1);
        assertThat(published).containsExactly("a");
    }

    @Test
    void relaysSideBySideTakeDifferentMessages() {
        Disposable relays = Flux.merge(
                        outbox.relay(this::publish), outbox.relay(this::publish), outbox.relay(this::publish))
                .subscribe();
        Flux.range(0, 300).flatMap(i -> outbox.add("t", "m" + i), 4).blockLast(LIMIT);

        await().atMost(LIMIT).until(() -> published.size() >= 300);
        relays.dispose();
        assertThat(published).hasSize(300).doesNotHaveDuplicates();
    }

    @Test
    void aRelayWithALongPauseIsWokenByTheCommit() {
        Disposable relay =
                new Outbox(db, Duration.ofMinutes(10)).relay(this::publish).subscribe();
        await().atMost(LIMIT)
                .until(() -> server.backends(TestDatabase.applicationName(OutboxIT.class)).stream()
                        .anyMatch(backend -> backend.query().startsWith("LISTEN")));
        db.inTransaction(tx -> outbox.add("t", "a").then(outbox.add("t", "b"))).block(LIMIT);
        await().atMost(LIMIT).until(() -> published.equals(List.of("a", "b")));

        outbox.add("t", "c").block(LIMIT);
        await().atMost(LIMIT).until(() -> published.equals(List.of("a", "b", "c")));
        relay.dispose();
    }

    private Mono<Void> publish(Outbox.Message message) {
        return Mono.fromRunnable(() -> published.add(message.payload()));
    }
}
