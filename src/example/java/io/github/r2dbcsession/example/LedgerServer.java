package io.github.r2dbcsession.example;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.http.HealthEndpoint;
import io.github.r2dbcsession.micrometer.DatabaseMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRoutes;

/** The ledger over HTTP, on 127.0.0.1. Thread-safe. */
final class LedgerServer {

    private static final Duration DRAIN_TIME = Duration.ofSeconds(5);

    private final DisposableServer server;

    private LedgerServer(DisposableServer server) {
        this.server = server;
    }

    /**
     * Binds the server and emits it.
     *
     * @param port where it listens, or 0 for any free port
     */
    static Mono<LedgerServer> start(Database database, DatabaseHealth health, int port) {
        return HttpServer.create()
                .host("127.0.0.1")
                .port(port)
                .channelGroup(new DefaultChannelGroup(GlobalEventExecutor.INSTANCE)) // makes stopping wait for answers
                .route(routes(database, health))
                .bind()
                .map(LedgerServer::new);
    }

    private static Consumer<HttpServerRoutes> routes(Database database, DatabaseHealth health) {
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        DatabaseMetrics.of(database).bindTo(meters);
        Statements statements = new Statements(database);
        Accounts accounts = new Accounts(database, statements);
        Transfers transfers = new Transfers(database, accounts, statements);
        return new Api(accounts, transfers, statements, new Json())
                .andThen(HealthEndpoint.of(health).showDetails()::routes)
                .andThen(routes -> routes.get(
                        "/metrics",
                        (request, response) -> response.header(
                                        "Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                                .sendString(Mono.fromSupplier(meters::scrape))));
    }

    /** Where it listens. */
    String address() {
        return "http://127.0.0.1:" + server.port();
    }

    /** Blocks until it has stopped. */
    void awaitStop() {
        server.onDispose().block();
    }

    /** Takes no more requests, and blocks until those under way are answered, at most 5 s. */
    void stop() {
        server.disposeNow(DRAIN_TIME);
    }
}
