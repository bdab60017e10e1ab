package io.github.r2dbcsession.example;

import io.netty.handler.codec.http.HttpResponseStatus;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** A client of the ledger, as another program would be. Thread-safe. */
final class LedgerClient {

    private final Json json = new Json();
    private final ConnectionProvider connections = ConnectionProvider.create("ledger-client", 32);
    private final HttpClient http;

    LedgerClient(String address) {
        // A transfer that was cut off may have happened: it must not be sent again unasked.
        this.http = HttpClient.create(connections).baseUrl(address).disableRetry(true);
    }

    Mono<Account> open(NewAccount account) {
        return http.post()
                .uri("/accounts")
                .send(body(account))
                .responseSingle((response, body) -> body.asByteArray())
                .map(body -> json.read(body, Account.class, "an account"));
    }

    Mono<Account> find(long id) {
        return http.get()
                .uri("/accounts/" + id)
                .responseSingle((response, body) -> body.asByteArray())
                .map(body -> json.read(body, Account.class, "an account"));
    }

    /** Emits how the transfer was answered; a cancel hangs up on the server. */
    Mono<HttpResponseStatus> transfer(TransferOrder order) {
        return http.post()
                .uri("/transfers")
                .send(body(order))
                .responseSingle((response, body) -> body.then(Mono.just(response.status())));
    }

    /** Emits the lines of a statement as they arrive. */
    Flux<byte[]> statement(long account) {
        return http.get()
                .uri("/accounts/" + account + "/statement")
                .responseContent()
                .asByteArray();
    }

    Mono<Void> close() {
        return connections.disposeLater();
    }

    private ByteBufFlux body(Object value) {
        return ByteBufFlux.fromInbound(Mono.fromSupplier(() -> json.write(value)));
    }
}
