package io.github.r2dbcsession.http;

import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import io.github.r2dbcsession.health.HealthSummary;
import io.github.r2dbcsession.http.HealthFormat.Component;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Serves the health of one or more databases over HTTP, among the routes of a Reactor Netty server or on a port of its own. Thread-safe.
 *
 * <ul>
 *   <li>{@code GET /health}: what was found, the worst database first; 200 when healthy or degraded, 503 when one is unhealthy. To a
 *       browser, which asks for {@code text/html}, a page that shows it as it changes.
 *   <li>{@code GET /health/live}: 200 as long as the process answers; never asks the database.
 *   <li>{@code GET /health/ready}: 200 when healthy or degraded, 503 when one is unhealthy.
 *   <li>{@code GET /health/startup}: 503 until ready for the first time, from then on 200.
 *   <li>{@code GET /health/events}: what {@code /health} tells, twice a second, as server-sent events; 16 at a time.
 * </ul>
 *
 * <p>The {@code Accept} header chooses the {@linkplain HealthFormat format}. HEAD is answered as GET is, without the body, but for the
 * events. Other methods on these paths are answered 405. Nothing is cached: every answer says {@code no-store}.
 */
public final class HealthEndpoint {

    private static final String LOOPBACK = "127.0.0.1";
    private static final String JSON = "application/json";
    private static final int MAX_LINE = 1024;
    private static final int MAX_HEADERS = 8192;
    private static final int MAX_REQUESTS = 1000;
    private static final Duration IDLE = Duration.ofSeconds(30);

    /** A format, and the media type by which the client knows it. */
    private record Form(HealthFormat format, String contentType) {}

    private final Map<String, DatabaseHealth> healths;
    private final boolean details;
    private final HealthFormat usual;
    private final Answer page = HealthPage.answer();
    private final AtomicBoolean started = new AtomicBoolean();
    private final EventStreams streams = new EventStreams(
            components().map(shown -> HealthFormat.ACTUATOR.health(shown).toString()));

    private HealthEndpoint(Map<String, DatabaseHealth> healths, boolean details, HealthFormat usual) {
        this.healths = healths;
        this.details = details;
        this.usual = usual;
    }

    /**
     * Returns an endpoint that shows no details. Closing what it is given is the caller's duty.
     *
     * @throws IllegalArgumentException when none is given, or two have the same name
     */
    public static HealthEndpoint of(DatabaseHealth... healths) {
        if (healths.length == 0) {
            throw new IllegalArgumentException("healths must not be empty");
        }
        Map<String, DatabaseHealth> byName = new LinkedHashMap<>();
        for (DatabaseHealth health : healths) {
            if (byName.put(health.name(), health) != null) {
                throw new IllegalArgumentException(
                        "names of databases must differ, was twice " + health.name() + ": give one another name");
            }
        }
        return new HealthEndpoint(byName, false, HealthFormat.ACTUATOR);
    }

    /**
     * Returns an endpoint that also shows the databases' names, what the servers told about themselves, and the words in which they
     * refused: for those who run them, not for the world.
     */
    public HealthEndpoint showDetails() {
        return new HealthEndpoint(healths, true, usual);
    }

    /** Returns an endpoint whose {@code application/json} is of that format. Default: {@link HealthFormat#ACTUATOR}. */
    public HealthEndpoint format(HealthFormat format) {
        return new HealthEndpoint(healths, details, Objects.requireNonNull(format, "format"));
    }

    /** Adds the paths to the routes of a server. */
    public void routes(HttpServerRoutes routes) {
        add(routes, "/health", (request, response) -> health(request).flatMap(answer -> answer.sendTo(response)));
        add(routes, "/health/live", (request, response) -> probe(request, Mono.just(true), response));
        add(routes, "/health/ready", (request, response) -> probe(request, ready(), response));
        add(routes, "/health/startup", (request, response) -> probe(request, started(), response));
        add(routes, "/health/events", List.of(HttpMethod.GET), (request, response) -> streams.sendTo(response));
    }

    private interface Handler {
        Publisher<Void> handle(HttpServerRequest request, HttpServerResponse response);
    }

    private static void add(HttpServerRoutes routes, String path, Handler handler) {
        add(routes, path, List.of(HttpMethod.GET, HttpMethod.HEAD), handler);
    }

    private static void add(HttpServerRoutes routes, String path, List<HttpMethod> methods, Handler handler) {
        String allowed = methods.stream().map(HttpMethod::name).collect(Collectors.joining(", "));
        routes.route(request -> request.fullPath().equals(path), (request, response) -> {
            if (!methods.contains(request.method())) {
                response.header(HttpHeaderNames.ALLOW, allowed);
                return Answer.of(HttpResponseStatus.METHOD_NOT_ALLOWED).sendTo(response);
            }
            return handler.handle(request, response);
        });
    }

    /**
     * Serves the paths alone, on 127.0.0.1.
     *
     * <p>Each subscription starts a server and emits it; the subscriber disposes it. Any other path is answered 404. A request line may
     * have 1 kB and headers 8 kB, a connection may be idle for 30 s. Fails when the port cannot be had.
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
                .httpRequestDecoder(
                        limits -> limits.maxInitialLineLength(MAX_LINE).maxHeaderSize(MAX_HEADERS))
                .idleTimeout(IDLE)
                .readTimeout(IDLE)
                .requestTimeout(IDLE)
                .maxKeepAliveRequests(MAX_REQUESTS)
                .route(this::routes)
                .bind()
                .map(server -> server);
    }

    private Mono<Answer> health(HttpServerRequest request) {
        Object choice = Accept.choose(accepted(request), type -> type.equals("text/html") ? type : form(type));
        if ("text/html".equals(choice)) {
            return Mono.just(page);
        }
        Form form = choice instanceof Form chosen ? chosen : new Form(usual, JSON);
        return components()
                .map(shown -> Answer.json(
                        isReady(shown.get(0).report().status()),
                        form.contentType,
                        form.format.health(shown).toString()));
    }

    private Mono<Void> probe(HttpServerRequest request, Mono<Boolean> up, HttpServerResponse response) {
        Form chosen = Accept.choose(accepted(request), this::form);
        Form form = chosen == null ? new Form(usual, JSON) : chosen;
        return up.flatMap(
                is -> Answer.json(is, form.contentType, form.format.probe(is).toString())
                        .sendTo(response));
    }

    private Mono<Boolean> ready() {
        return summary(DatabaseHealth::check).map(summary -> isReady(summary.status()));
    }

    private Mono<Boolean> started() {
        return Mono.defer(
                () -> started.get() ? Mono.just(true) : ready().doOnNext(ready -> started.compareAndSet(false, ready)));
    }

    private static boolean isReady(HealthStatus status) {
        return status != HealthStatus.UNHEALTHY;
    }

    private Mono<List<Component>> components() {
        return Mono.defer(() -> summary(details ? DatabaseHealth::checkWithDetails : DatabaseHealth::check)
                .map(summary -> summary.reports().stream()
                        .map(report -> new Component(label(report), report, HealthJson.report(report, details)))
                        .toList()));
    }

    private Mono<HealthSummary> summary(Function<DatabaseHealth, Mono<HealthReport>> check) {
        return Flux.fromIterable(healths.values())
                .flatMap(check, healths.size())
                .collectList()
                .map(HealthSummary::of);
    }

    /** The name where it may be shown, else a number that stays. */
    private String label(HealthReport report) {
        if (details) {
            return report.name();
        }
        return healths.size() == 1
                ? "db"
                : "db" + (List.copyOf(healths.keySet()).indexOf(report.name()) + 1);
    }

    private @Nullable Form form(String mediaType) {
        for (HealthFormat format : HealthFormat.values()) {
            if (format.mediaType().equals(mediaType)) {
                return new Form(format, mediaType);
            }
        }
        boolean any = mediaType.equals(JSON) || mediaType.equals("*/*") || mediaType.equals("application/*");
        return any ? new Form(usual, JSON) : null;
    }

    private static String accepted(HttpServerRequest request) {
        String header = request.requestHeaders().get(HttpHeaderNames.ACCEPT);
        return header == null ? "*/*" : header;
    }
}
