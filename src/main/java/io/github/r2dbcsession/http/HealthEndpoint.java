package io.github.r2dbcsession.http;

import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Objects;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Serves a {@link DatabaseHealth} as JSON over HTTP, among the routes of a Reactor Netty server or on a port of its own. Immutable and
 * thread-safe.
 *
 * <ul>
 *   <li>{@code GET /health}: the report; 200 when healthy or degraded, 503 when unhealthy.
 *   <li>{@code GET /health/live}: 200 as long as the process answers; never asks the database.
 *   <li>{@code GET /health/ready}: 200 when healthy or degraded, 503 when unhealthy.
 * </ul>
 *
 * <p>Other methods on these paths are answered 405. Nothing is cached: every answer says {@code no-store}.
 */
public final class HealthEndpoint {

    private static final String LOOPBACK = "127.0.0.1";

    private final DatabaseHealth health;
    private final HealthJson json;

    private HealthEndpoint(DatabaseHealth health, HealthJson json) {
        this.health = Objects.requireNonNull(health, "health");
        this.json = json;
    }

    /** Returns an endpoint that shows no details. Closing the health is the caller's duty. */
    public static HealthEndpoint of(DatabaseHealth health) {
        return new HealthEndpoint(health, new HealthJson(false));
    }

    /**
     * Returns an endpoint that also shows the database's name, what the server told about itself, and the words in which it refused:
     * for those who run it, not for the world.
     */
    public HealthEndpoint showDetails() {
        return new HealthEndpoint(health, new HealthJson(true));
    }

    /** Adds the three paths to the routes of a server. */
    public void routes(HttpServerRoutes routes) {
        add(routes, "/health", health.check().map(report -> new Answer(status(report), json.report(report))));
        add(routes, "/health/live", Mono.just(new Answer(HttpResponseStatus.OK, json.live())));
        add(routes, "/health/ready", health.check().map(report -> new Answer(status(report), json.ready(report))));
    }

    private static void add(HttpServerRoutes routes, String path, Mono<Answer> answer) {
        routes.route(request -> request.fullPath().equals(path), (request, response) -> {
            if (!request.method().equals(HttpMethod.GET)) {
                return response.status(HttpResponseStatus.METHOD_NOT_ALLOWED)
                        .header(HttpHeaderNames.ALLOW, HttpMethod.GET.name())
                        .send();
            }
            return answer.flatMap(ready -> ready.sendTo(response));
        });
    }

    /**
     * Serves the three paths alone, on 127.0.0.1.
     *
     * <p>Each subscription starts a server and emits it; the subscriber disposes it. Any other path is answered 404. Fails when the
     * port cannot be had.
     *
     * @param port from 0 to 65535; 0 takes a free one
     */
    public Mono<DisposableServer> bind(int port) {
        return bind(LOOPBACK, port);
    }

    /**
     * Does the same on another address.
     *
     * @param host the address to listen on; {@code 0.0.0.0} is every one of this machine
     * @param port from 0 to 65535; 0 takes a free one
     */
    public Mono<DisposableServer> bind(String host, int port) {
        return HttpServer.create()
                .host(host)
                .port(port)
                .route(this::routes)
                .bind()
                .map(server -> server);
    }

    private static HttpResponseStatus status(HealthReport report) {
        return report.status() == HealthStatus.UNHEALTHY
                ? HttpResponseStatus.SERVICE_UNAVAILABLE
                : HttpResponseStatus.OK;
    }

    private record Answer(HttpResponseStatus status, String body) {

        Mono<Void> sendTo(HttpServerResponse response) {
            return response.status(status)
                    .header(HttpHeaderNames.CONTENT_TYPE, "application/json")
                    .header(HttpHeaderNames.CACHE_CONTROL, "no-store")
                    .sendString(Mono.just(body))
                    .then();
        }
    }
}
