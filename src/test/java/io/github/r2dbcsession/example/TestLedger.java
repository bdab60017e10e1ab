package io.github.r2dbcsession.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.testing.TestDatabase;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufMono;
import reactor.netty.http.client.HttpClient;

/** A ledger on the test database, with a client. */
final class TestLedger implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Database database;
    private final DatabaseHealth health;
    private final LedgerServer server;
    private final HttpClient client;

    TestLedger(Class<?> test) {
        database = Database.of(TestDatabase.get().url(test));
        new Schema(database).create().block(LIMIT);
        health = DatabaseHealth.of(database);
        server = requireNonNull(LedgerServer.start(database, health, 0).block(LIMIT));
        client = HttpClient.newConnection().baseUrl(server.address());
    }

    /** What came back. */
    record Answer(int status, String type, String body) {}

    Database database() {
        return database;
    }

    /** How many connections are out of the pool. */
    int inUse() {
        return database.stats().acquired() + database.stats().recovering();
    }

    Answer get(String path) {
        return call(HttpMethod.GET, path, "");
    }

    Answer post(String path, String body) {
        return call(HttpMethod.POST, path, body);
    }

    private Answer call(HttpMethod method, String path, String body) {
        return requireNonNull(client.request(method)
                .uri(path)
                .send(ByteBufMono.fromString(Mono.just(body)))
                .responseSingle((response, content) -> content.asString()
                        .map(String::strip)
                        .defaultIfEmpty("")
                        .map(text -> new Answer(
                                response.status().code(),
                                response.responseHeaders().get("Content-Type", ""),
                                text)))
                .block(LIMIT));
    }

    /** Opens an account and returns its id. */
    long open(String owner, String balance) {
        Answer answer = post("/accounts", "{\"owner\": \"" + owner + "\", \"balance\": " + balance + "}");
        return new Json().read(answer.body().getBytes(UTF_8), Account.class, "").id();
    }

    /** Stops everything and leaves no table. */
    @Override
    public void close() {
        server.stop();
        health.close().block(LIMIT);
        database.close().block(LIMIT);
        TestDatabase.get().execute("DROP SCHEMA " + Schema.NAME + " CASCADE");
    }
}
