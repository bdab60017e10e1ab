package io.github.r2dbcsession.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.server.HttpServer;

@DatabaseTest
class HealthEndpointIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    record Answer(int status, HttpClientResponse response, String body) {

        JsonNode json() throws Exception {
            return new JsonMapper().readTree(body);
        }

        String header(String name) {
            return response.responseHeaders().get(name);
        }
    }

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(HealthEndpointIT.class))
            .name("test")
            .pool(PoolSettings.builder().maxSize(1).build())
            .build();
    private final DatabaseHealth health = DatabaseHealth.of(db);
    private final Database down = Database.of("postgresql://app:x@127.0.0.1:1/shop");
    private final DatabaseHealth downHealth = DatabaseHealth.of(down);
    private final List<DisposableServer> started = new ArrayList<>();

    /** The first connect of a JVM loads so many classes that on a busy machine it outlasts a check. */
    @BeforeAll
    static void connectOnce() {
        Database db = Database.of(TestDatabase.get().url(HealthEndpointIT.class));
        db.sql("SELECT 1").as(Integer.class).one().then(db.close()).block(Duration.ofSeconds(30));
    }

    @AfterEach
    void stop() {
        started.forEach(http -> http.disposeNow(LIMIT));
        Flux.concat(health.close(), downHealth.close(), db.close(), down.close())
                .blockLast(LIMIT);
    }

    @Test
    void servesTheReportOnLoopback() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(health));

        Answer answer = get(http, "/health?verbose");

        assertThat(((InetSocketAddress) http.address()).getAddress().isLoopbackAddress())
                .isTrue();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.header("cache-control")).isEqualTo("no-store");
        JsonNode json = answer.json();
        assertThat(json.path("status").asText()).isEqualTo("HEALTHY");
        assertThat(json.path("score").asDouble()).isGreaterThan(0.8);
        assertThat(json.path("latencyMillis").asDouble()).isPositive();
        assertThat(json.path("time").asText()).isNotEmpty();
        assertThat(json.path("findings")).isEmpty();
        assertThat(json.path("pool").path("maxSize").asInt()).isEqualTo(1);
    }

    @Test
    void showsNoNamesUnlessAllowed() throws Exception {
        JsonNode json = get(start(HealthEndpoint.of(health)), "/health").json();

        assertThat(json.has("details")).isFalse();
        assertThat(json.path("pool").has("name")).isFalse();
    }

    @Test
    void showsDetailsWhenAllowed() throws Exception {
        JsonNode json =
                get(start(HealthEndpoint.of(health).showDetails()), "/health").json();

        assertThat(json.path("pool").path("name").asText()).isEqualTo("test");
        JsonNode details = json.path("details");
        assertThat(details.path("databaseName").asText()).isEqualTo(server.database());
        assertThat(details.path("serverVersion").asText()).isNotEmpty();
        assertThat(details.path("databaseSize").asLong()).isPositive();
        assertThat(details.path("databaseSizePretty").asText()).endsWith("B");
        assertThat(details.path("connections").asInt()).isPositive();
        assertThat(details.path("activeConnections").asInt()).isPositive();
        assertThat(details.path("tls").isBoolean()).isTrue();
        assertThat(details.path("notes")).isEmpty();
    }

    @Test
    void theServersWordsAreShownOnlyWhenAllowed() throws Exception {
        Database wrong = Database.of(server.url(HealthEndpointIT.class).replaceFirst(":[^:@/]*@", ":wrong@"));
        DatabaseHealth refused = DatabaseHealth.of(wrong);

        JsonNode closed = get(start(HealthEndpoint.of(refused)), "/health")
                .json()
                .path("findings")
                .path(0);
        JsonNode open = get(start(HealthEndpoint.of(refused).showDetails()), "/health")
                .json()
                .path("findings")
                .path(0);
        Flux.concat(refused.close(), wrong.close()).blockLast(LIMIT);

        assertThat(closed.path("code").asText()).isEqualTo("AUTHENTICATION");
        assertThat(closed.path("status").asText()).isEqualTo("UNHEALTHY");
        assertThat(closed.path("measured").asText()).contains("refused the login");
        assertThat(closed.path("limit").asText()).isNotEmpty();
        assertThat(closed.path("remedy").asText()).contains("pg_hba.conf");
        assertThat(closed.has("serverText")).isFalse();
        assertThat(open.path("serverText").asText()).contains("password authentication failed");
    }

    @Test
    void aDegradedDatabaseIsStillServed() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(health));
        Session only = db.openSession().block(LIMIT);
        Disposable waiting = db.openSession().subscribe();

        Answer report = get(http, "/health");
        Answer ready = get(http, "/health/ready");
        waiting.dispose();
        only.close().block(LIMIT);

        assertThat(report.status()).isEqualTo(200);
        assertThat(report.json().path("status").asText()).isEqualTo("DEGRADED");
        assertThat(report.json().path("findings").path(0).path("code").asText()).isEqualTo("SATURATED");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.json().path("ready").asBoolean()).isTrue();
    }

    @Test
    void anUnreachableDatabaseIsNotReadyAndTheProcessStillLives() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(downHealth));

        Answer report = get(http, "/health");
        Answer ready = get(http, "/health/ready");
        Answer live = get(http, "/health/live");

        assertThat(report.status()).isEqualTo(503);
        assertThat(report.json().path("status").asText()).isEqualTo("UNHEALTHY");
        assertThat(report.json().path("findings").path(0).path("code").asText()).isEqualTo("REFUSED");
        assertThat(report.json().has("latencyMillis")).isFalse();
        assertThat(ready.status()).isEqualTo(503);
        assertThat(ready.header("cache-control")).isEqualTo("no-store");
        assertThat(ready.json().path("ready").asBoolean()).isFalse();
        assertThat(ready.json().path("status").asText()).isEqualTo("UNHEALTHY");
        assertThat(live.status()).isEqualTo(200);
        assertThat(live.json().path("live").asBoolean()).isTrue();
    }

    @Test
    void livenessNeverAsksTheDatabase() {
        DisposableServer http = start(HealthEndpoint.of(health));

        get(http, "/health/live");

        assertThat(server.backends(TestDatabase.applicationName(HealthEndpointIT.class)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/health", "/health/live", "/health/ready"})
    void onlyGetIsAllowed(String path) {
        Answer answer = send(start(HealthEndpoint.of(health)), HttpMethod.POST, path);

        assertThat(answer.status()).isEqualTo(405);
        assertThat(answer.header("allow")).isEqualTo("GET");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/health/", "/health/other", "/healthy", "/metrics"})
    void elsewhereIsNotFound(String path) {
        assertThat(get(start(HealthEndpoint.of(health)), path).status()).isEqualTo(404);
    }

    @Test
    void mountsBesideOtherRoutes() {
        DisposableServer http = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .route(routes -> {
                    HealthEndpoint.of(health).routes(routes);
                    routes.get("/other", (request, response) -> response.sendString(Mono.just("mine")));
                })
                .bindNow(LIMIT);
        started.add(http);

        assertThat(get(http, "/other").body()).isEqualTo("mine");
        assertThat(get(http, "/health/ready").status()).isEqualTo(200);
    }

    private DisposableServer start(HealthEndpoint endpoint) {
        DisposableServer http = endpoint.bind(0).blockOptional(LIMIT).orElseThrow();
        started.add(http);
        return http;
    }

    private static Answer get(DisposableServer http, String path) {
        return send(http, HttpMethod.GET, path);
    }

    private static Answer send(DisposableServer http, HttpMethod method, String path) {
        return HttpClient.create()
                .request(method)
                .uri("http://127.0.0.1:" + http.port() + path)
                .responseSingle((response, body) -> body.asString()
                        .defaultIfEmpty("")
                        .map(text -> new Answer(response.status().code(), response, text)))
                .blockOptional(LIMIT)
                .orElseThrow();
    }
}
