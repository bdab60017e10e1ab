package io.github.r2dbcsession.testing;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A real browser without a window, driven by its DevTools protocol. Debian's {@code chromium}; listens on the loopback only. */
public final class Chromium implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/bin/chromium");
    private static final Duration START = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path profile;
    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket page;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();

    /** Whether there is one. */
    public static boolean isInstalled() {
        return Files.isExecutable(PROGRAM);
    }

    public Chromium() {
        try {
            profile = Files.createTempDirectory("chromium");
            process = new ProcessBuilder(
                            PROGRAM.toString(),
                            "--headless=new",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-dev-shm-usage",
                            "--no-first-run",
                            "--remote-debugging-port=0",
                            "--user-data-dir=" + profile,
                            "about:blank")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            page = http.newWebSocketBuilder()
                    .buildAsync(URI.create(pageAddress()), new Answers())
                    .get(30, TimeUnit.SECONDS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException("Chromium did not start", e);
        }
    }

    private String pageAddress() throws IOException, InterruptedException {
        Path ports = profile.resolve("DevToolsActivePort");
        await("the port of Chromium").atMost(START).until(() -> Files.exists(ports) && Files.size(ports) > 0);
        String targets = http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                                        + Files.readAllLines(ports).get(0) + "/json/list"))
                                .build(),
                        BodyHandlers.ofString())
                .body();
        for (JsonNode target : JSON.readTree(targets)) {
            if (target.path("type").asText().equals("page")) {
                return target.path("webSocketDebuggerUrl").asText();
            }
        }
        throw new IllegalStateException("Chromium shows no page: " + targets);
    }

    /** Sends a command and returns its result. */
    public JsonNode command(String method, Map<String, ?> parameters) {
        int id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(parameters));
        page.sendText(message.toString(), true).join();
        JsonNode received = answer.orTimeout(30, TimeUnit.SECONDS).join();
        if (received.has("error")) {
            throw new IllegalStateException(method + ": " + received.get("error"));
        }
        return received.path("result");
    }

    /** Goes to an address. */
    public void open(String address) {
        command("Page.navigate", Map.of("url", address));
    }

    /** Returns what an expression comes to in the page. */
    public JsonNode evaluate(String expression) {
        return command("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true))
                .at("/result/value");
    }

    /** Has the page believe that its reader prefers {@code light} or {@code dark}. */
    public void prefer(String scheme) {
        command(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Gives the page a size in CSS pixels. */
    public void size(int width, int height) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
    }

    /** Takes a picture of what is seen, as PNG. */
    public byte[] picture() {
        return Base64.getDecoder()
                .decode(command("Page.captureScreenshot", Map.of("format", "png"))
                        .path("data")
                        .asText());
    }

    @Override
    public void close() {
        page.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            // What a process that is going writes last may stay in the temporary directory.
        }
    }

    private final class Answers implements WebSocket.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                answer(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void answer(String message) {
            try {
                JsonNode received = JSON.readTree(message);
                CompletableFuture<JsonNode> waiting =
                        asked.remove(received.path("id").asInt());
                if (waiting != null) {
                    waiting.complete(received);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
