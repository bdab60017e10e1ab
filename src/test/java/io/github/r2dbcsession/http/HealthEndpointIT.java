package io.github.r2dbcsession.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.server.HttpServer;
import reactor.test.StepVerifier;

@DatabaseTest
class HealthEndpointIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String DATA = "/components/db/details";

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
    private final DatabaseHealth health = quick(db);
    private final Database down = Database.of("postgresql://app:x@127.0.0.1:1/shop");
    private final DatabaseHealth downHealth = quick(down);
    private final List<DisposableServer> started = new ArrayList<>();

    private static DatabaseHealth quick(Database db) {
        return DatabaseHealth.builder(db)
                .interval(Duration.ofMillis(1))
                .recoverAfter(1)
                .build();
    }

    /** The first connect of a JVM loads so many classes that on a busy machine it outlasts a check. */
    @BeforeAll
    static void connectOnce() {
        Database db = Database.of(TestDatabase.get().url(HealthEndpointIT.class));
        db.sql("SELECT 1").as(Integer.class).one().retry(5).then(db.close()).block(Duration.ofSeconds(60));
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
        assertThat(answer.header("vary")).isEqualTo("Accept");
        assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
        assertThat(answer.header("referrer-policy")).isEqualTo("no-referrer");
        assertThat(answer.header("content-security-policy")).isEqualTo("default-src 'none'; frame-ancestors 'none'");
        JsonNode json = answer.json();
        assertThat(json.path("status").asText()).isEqualTo("UP");
        assertThat(json.at("/components/db/status").asText()).isEqualTo("UP");
        JsonNode data = json.at(DATA);
        assertThat(data.path("health").asText()).isEqualTo("HEALTHY");
        assertThat(data.path("score").asDouble()).isGreaterThan(0.8);
        assertThat(data.path("latencyMillis").asDouble()).isPositive();
        assertThat(data.path("time").asText()).isNotEmpty();
        assertThat(data.path("ageMillis").asLong()).isLessThan(10_000);
        assertThat(data.path("findings")).isEmpty();
        assertThat(data.path("pool").path("maxSize").asInt()).isEqualTo(1);
    }

    @Test
    void tellsItAsTheIetfHasIt() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(health));

        Answer answer = get(http, "/health", "application/health+json");
        JsonNode json = answer.json();

        assertThat(answer.header("content-type")).isEqualTo("application/health+json");
        assertThat(json.path("status").asText()).isEqualTo("pass");
        JsonNode time = json.path("checks").path("db:responseTime").path(0);
        assertThat(time.path("observedValue").asDouble()).isPositive();
        assertThat(time.path("observedUnit").asText()).isEqualTo("ms");
        assertThat(time.path("componentType").asText()).isEqualTo("datastore");
        assertThat(json.path("checks")
                        .path("db:maxSize")
                        .path(0)
                        .path("observedValue")
                        .asInt())
                .isEqualTo(1);
        assertThat(get(http, "/health/live", "application/health+json").body()).isEqualTo("{\"status\":\"pass\"}");
    }

    @Test
    void tellsItAsMicroProfileHasIt() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(health));
        DisposableServer always = start(HealthEndpoint.of(health).format(HealthFormat.MICROPROFILE));

        Answer asked = get(http, "/health", "application/json; profile=\"microprofile\"");
        Answer usual = get(always, "/health");

        assertThat(asked.header("content-type")).isEqualTo("application/json;profile=microprofile");
        assertThat(usual.header("content-type")).isEqualTo("application/json");
        for (JsonNode json : List.of(asked.json(), usual.json())) {
            assertThat(json.path("status").asText()).isEqualTo("UP");
            JsonNode check = json.path("checks").path(0);
            assertThat(check.path("name").asText()).isEqualTo("db");
            assertThat(check.path("status").asText()).isEqualTo("UP");
            assertThat(check.path("data").path("health").asText()).isEqualTo("HEALTHY");
            assertThat(check.path("data"))
                    .allSatisfy(value -> assertThat(value.isValueNode()).isTrue());
        }
        assertThat(get(always, "/health/live").body()).isEqualTo("{\"status\":\"UP\",\"checks\":[]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/vnd.spring-boot.actuator.v3+json | application/vnd.spring-boot.actuator.v3+json",
                "image/png | application/json",
                "text/html;q=0.5, application/health+json | application/health+json",
                "application/health+json;q=x, application/* | application/json",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | text/html;charset=utf-8"
            })
    void theDearestWishIsFulfilled(String accept, String contentType) {
        assertThat(get(start(HealthEndpoint.of(health)), "/health", accept).header("content-type"))
                .isEqualTo(contentType);
    }

    @Test
    void severalDatabasesAreToldTogetherTheWorstFirst() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(health, downHealth));
        DisposableServer named = start(HealthEndpoint.of(health, downHealth).showDetails());

        Answer answer = get(http, "/health");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.json().path("status").asText()).isEqualTo("DOWN");
        assertThat(answer.json().path("components").properties())
                .extracting(Map.Entry::getKey)
                .containsExactly("db2", "db1");
        assertThat(get(named, "/health").json().path("components").properties())
                .extracting(Map.Entry::getKey)
                .containsExactly("shop@127.0.0.1", "test");
        assertThat(get(http, "/health", "application/health+json")
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("fail");
        assertThatThrownBy(() -> HealthEndpoint.of(health, health))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was twice test");
        assertThatThrownBy(HealthEndpoint::of).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void showsNoNamesUnlessAllowed() throws Exception {
        JsonNode json = get(start(HealthEndpoint.of(health)), "/health").json();

        assertThat(json.at(DATA).has("server")).isFalse();
        assertThat(json.toString()).doesNotContain(server.database() + "\"", "\"test\"");
    }

    @Test
    void showsDetailsWhenAllowed() throws Exception {
        JsonNode json =
                get(start(HealthEndpoint.of(health).showDetails()), "/health").json();

        JsonNode details = json.at("/components/test/details/server");
        assertThat(details.path("databaseName").asText()).isEqualTo(server.database());
        assertThat(details.path("serverVersion").asText()).isNotEmpty();
        assertThat(details.path("databaseSize").asLong()).isPositive();
        assertThat(details.path("databaseSizePretty").asText()).endsWith("B");
        assertThat(details.path("connections").asInt()).isPositive();
        assertThat(details.path("activeConnections").asInt()).isPositive();
        assertThat(details.path("tls").isBoolean()).isTrue();
        assertThat(details.path("role").asText()).isEqualTo("primary");
        assertThat(details.path("clockSkewMillis").isIntegralNumber()).isTrue();
        assertThat(details.path("maxConnections").asInt()).isPositive();
        assertThat(details.path("idleInTransactionSessionTimeoutMillis").asInt())
                .isZero();
        assertThat(details.path("notes")).isEmpty();
    }

    @Test
    void theServersWordsAreShownOnlyWhenAllowed() throws Exception {
        Database wrong = Database.of(server.url(HealthEndpointIT.class).replaceFirst(":[^:@/]*@", ":wrong@"));
        DatabaseHealth refused = DatabaseHealth.of(wrong);

        JsonNode closed =
                get(start(HealthEndpoint.of(refused)), "/health").json().at(DATA + "/findings/0");
        JsonNode open = get(start(HealthEndpoint.of(refused).showDetails()), "/health")
                .json()
                .findValue("findings")
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
        Answer warned = get(http, "/health", "application/health+json");
        waiting.dispose();
        only.close().block(LIMIT);

        assertThat(report.status()).isEqualTo(200);
        assertThat(report.json().path("status").asText()).isEqualTo("UP");
        assertThat(report.json().at(DATA + "/health").asText()).isEqualTo("DEGRADED");
        assertThat(report.json().at(DATA + "/findings/0/code").asText()).isEqualTo("SATURATED");
        assertThat(warned.json().path("status").asText()).isEqualTo("warn");
        assertThat(warned.json().at("/checks/db:score/0/output").asText())
                .startsWith("SATURATED: 1 connections in use");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.body()).isEqualTo("{\"status\":\"UP\"}");
    }

    @Test
    void anUnreachableDatabaseIsNotReadyAndTheProcessStillLives() throws Exception {
        DisposableServer http = start(HealthEndpoint.of(downHealth));

        Answer report = get(http, "/health");
        Answer ready = get(http, "/health/ready");
        Answer live = get(http, "/health/live");

        assertThat(report.status()).isEqualTo(503);
        assertThat(report.json().path("status").asText()).isEqualTo("DOWN");
        assertThat(report.json().at(DATA + "/health").asText()).isEqualTo("UNHEALTHY");
        assertThat(report.json().at(DATA + "/findings/0/code").asText()).isEqualTo("REFUSED");
        assertThat(report.json().at(DATA).has("latencyMillis")).isFalse();
        assertThat(ready.status()).isEqualTo(503);
        assertThat(ready.header("cache-control")).isEqualTo("no-store");
        assertThat(ready.body()).isEqualTo("{\"status\":\"DOWN\"}");
        assertThat(get(http, "/health/startup").status()).isEqualTo(503);
        assertThat(live.status()).isEqualTo(200);
        assertThat(live.body()).isEqualTo("{\"status\":\"UP\"}");
    }

    @Test
    void livenessNeverAsksTheDatabase() {
        DisposableServer http = start(HealthEndpoint.of(health));

        get(http, "/health/live");

        assertThat(server.backends(TestDatabase.applicationName(HealthEndpointIT.class)))
                .isEmpty();
    }

    @Test
    void startUpIsOverOnceAndForAll() {
        DisposableServer http = start(HealthEndpoint.of(health));
        assertThat(get(http, "/health/startup").status()).isEqualTo(200);

        health.close().block(LIMIT);

        assertThat(get(http, "/health/ready").status()).isEqualTo(503);
        assertThat(get(http, "/health/startup").status()).isEqualTo(200);
    }

    @Test
    void eventsComeEachSecondToAFewClientsAtATime() {
        DisposableServer http = start(HealthEndpoint.of(health));
        List<Disposable> clients = new ArrayList<>();
        Map<Integer, Integer> served = new ConcurrentHashMap<>();
        for (int i = 0; i < EventStreams.LIMIT; i++) {
            int client = i;
            clients.add(events(http).subscribe(event -> served.merge(client, 1, Integer::sum)));
        }
        await().atMost(LIMIT).until(() -> served.size() == EventStreams.LIMIT);

        StepVerifier.create(events(http)).expectComplete().verify(LIMIT);
        await().atMost(LIMIT).until(() -> served.values().stream().allMatch(events -> events > 2));
        assertThat(get(http, "/health/events").status()).isEqualTo(503);
        clients.forEach(Disposable::dispose);

        await().atMost(LIMIT)
                .untilAsserted(() -> StepVerifier.create(events(http).take(2))
                        .assertNext(event -> assertThat(event).startsWith("data:{\"status\":\"UP\",\"components\":"))
                        .expectNextCount(1)
                        .expectComplete()
                        .verify(LIMIT));
    }

    private static Flux<String> events(DisposableServer http) {
        return HttpClient.newConnection()
                .get()
                .uri("http://127.0.0.1:" + http.port() + "/health/events")
                .response((response, body) -> response.status().code() == 200 ? body.asString() : Flux.<String>empty());
    }

    @Test
    void hugeRequestsAreRefused() {
        DisposableServer http = start(HealthEndpoint.of(health));

        assertThat(get(http, "/health?" + "x".repeat(2000)).status()).isEqualTo(414);
        assertThat(get(http, "/health", "x".repeat(9000)).status()).isEqualTo(431);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/health", "/health/live", "/health/ready", "/health/startup", "/health/events"})
    void onlyGetIsAllowed(String path) {
        Answer answer = send(start(HealthEndpoint.of(health)), HttpMethod.POST, path, "*/*");

        assertThat(answer.status()).isEqualTo(405);
        assertThat(answer.header("allow")).isEqualTo(path.endsWith("/events") ? "GET" : "GET, HEAD");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/health", "/health/live", "/health/ready", "/health/startup"})
    void headIsAnsweredAsGetIsWithoutTheBody(String path) {
        DisposableServer http = start(HealthEndpoint.of(health));

        Answer answer = send(http, HttpMethod.HEAD, path, "*/*");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(send(http, HttpMethod.HEAD, "/health/events", "*/*").status())
                .as("a stream has no end to tell of")
                .isEqualTo(405);
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
        return send(http, HttpMethod.GET, path, "*/*");
    }

    private static Answer get(DisposableServer http, String path, String accept) {
        return send(http, HttpMethod.GET, path, accept);
    }

    private static Answer send(DisposableServer http, HttpMethod method, String path, String accept) {
        await().pollDelay(Duration.ofMillis(5)).until(() -> true);
        return HttpClient.create()
                .headers(headers -> headers.set("Accept", accept))
                .request(method)
                .uri("http://127.0.0.1:" + http.port() + path)
                .responseSingle((response, body) -> body.asString()
                        .defaultIfEmpty("")
                        .map(text -> new Answer(response.status().code(), response, text)))
                .blockOptional(LIMIT)
                .orElseThrow();
    }
}
