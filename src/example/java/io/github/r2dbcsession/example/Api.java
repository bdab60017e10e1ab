package io.github.r2dbcsession.example;

import static io.netty.handler.codec.http.HttpHeaderNames.LOCATION;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/** The ledger's addresses. */
final class Api implements Consumer<HttpServerRoutes> {

    /** How many accounts one answer lists. */
    private static final int PAGE = 100;

    private final Accounts accounts;
    private final Transfers transfers;
    private final Statements statements;
    private final Requests requests;
    private final Answers answers;

    Api(Accounts accounts, Transfers transfers, Statements statements, Json json) {
        this.accounts = accounts;
        this.transfers = transfers;
        this.statements = statements;
        this.requests = new Requests(json);
        this.answers = new Answers(json);
    }

    @Override
    public void accept(HttpServerRoutes routes) {
        routes.get("/accounts", guarded(this::listAccounts))
                .get("/accounts/{id}", guarded(this::showAccount))
                .get("/accounts/{id}/statement", guarded(this::streamStatement))
                .post("/accounts", guarded(this::openAccount))
                .post("/transfers", guarded(this::makeTransfer));
    }

    private Mono<Void> listAccounts(HttpServerRequest request, HttpServerResponse response) {
        return accounts.after(Requests.after(request), PAGE)
                .collectList()
                .flatMap(list -> answers.value(response, HttpResponseStatus.OK, list));
    }

    private Mono<Void> showAccount(HttpServerRequest request, HttpServerResponse response) {
        return account(request).flatMap(account -> answers.value(response, HttpResponseStatus.OK, account));
    }

    private Mono<Void> streamStatement(HttpServerRequest request, HttpServerResponse response) {
        return account(request).flatMap(account -> answers.lines(response, statements.of(account.id())));
    }

    private Mono<Void> openAccount(HttpServerRequest request, HttpServerResponse response) {
        return requests.body(request, NewAccount.class, NewAccount.FORM)
                .flatMap(accounts::open)
                .flatMap(account -> answers.value(
                        response.header(LOCATION, "/accounts/" + account.id()), HttpResponseStatus.CREATED, account));
    }

    private Mono<Void> makeTransfer(HttpServerRequest request, HttpServerResponse response) {
        return requests.body(request, TransferOrder.class, TransferOrder.FORM)
                .flatMap(transfers::make)
                .flatMap(transfer -> answers.value(response, HttpResponseStatus.CREATED, transfer));
    }

    private Mono<Account> account(HttpServerRequest request) {
        return Mono.fromSupplier(() -> Requests.account(request))
                .flatMap(id -> accounts.find(id).switchIfEmpty(Mono.error(() -> Refusal.notFound("account " + id))));
    }

    /** Lets the work begin with its subscriber, and turns every failure into an answer. */
    private BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> guarded(
            BiFunction<HttpServerRequest, HttpServerResponse, Mono<Void>> work) {
        return (request, response) -> Flux.defer(() -> work.apply(request, response))
                .onErrorResume(failure -> answers.failure(response, failure));
    }
}
