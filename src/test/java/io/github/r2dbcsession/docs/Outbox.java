package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.SqlClient;
import io.github.r2dbcsession.Transaction;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** The outbox of the how-to page. */
final class Outbox {

    private static final int BATCH = 100;

    record Message(long id, String topic, String payload) {}

    private final Database db;
    private final SqlClient client;
    private final Duration pause;

    Outbox(Database db, Duration pause) {
        this.db = db;
        this.client = db;
        this.pause = pause;
    }

    /** Puts a message into the transaction that is open around. */
    Mono<Void> add(String topic, String payload) {
        return client.sql("INSERT INTO outbox (topic, payload) VALUES (:topic, :payload)")
                .bind("topic", topic)
                .bind("payload", payload)
                .rowsUpdated()
                .then(client.notify("outbox", ""));
    }

    /** Publishes one batch, and emits how many messages it had. */
    Mono<Integer> relayBatch(Function<Message, Mono<Void>> publisher) {
        return db.inTransaction(tx -> take(tx).flatMap(
                        batch -> Flux.fromIterable(batch).concatMap(publisher).then(Mono.just(batch.size()))));
    }

    private static Mono<List<Message>> take(Transaction tx) {
        return tx.sql("""
                        DELETE FROM outbox WHERE id IN (
                            SELECT id FROM outbox ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)
                        RETURNING id, topic, payload""")
                .bind("batch", BATCH)
                .as(Message.class)
                .all()
                .collectSortedList(Comparator.comparing(Message::id));
    }

    /** Publishes for ever: when a message may have been added, and from time to time. */
    Flux<Integer> relay(Function<Message, Mono<Void>> publisher) {
        Flux<Integer> wakeUps = Flux.merge(
                db.listen("outbox").map(told -> 0), Flux.interval(pause).map(tick -> 0));
        return wakeUps.onBackpressureLatest()
                .concatMap(wakeUp -> drain(publisher), 1)
                .retryWhen(Retry.backoff(Long.MAX_VALUE, pause).maxBackoff(Duration.ofSeconds(30)));
    }

    private Flux<Integer> drain(Function<Message, Mono<Void>> publisher) {
        return relayBatch(publisher).expand(count -> count < BATCH ? Mono.empty() : relayBatch(publisher));
    }
}
