package io.github.r2dbcsession.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** A PostgreSQL of one test's own: its processes may be killed, and its log can be read. */
public final class OwnServer implements AutoCloseable {

    private final Path log;
    private final EmbeddedTestServer server;
    private final TestDatabase database;

    private OwnServer(Path log, EmbeddedTestServer server) {
        this.log = log;
        this.server = server;
        this.database = new TestDatabase(server);
    }

    /** Starts a server with these settings. */
    public static OwnServer start(Map<String, String> settings) {
        try {
            Path log = Files.createTempFile("postgres-", ".log");
            return new OwnServer(log, EmbeddedTestServer.create(builder -> {
                settings.forEach(builder::setServerConfig);
                builder.setOutputRedirector(Redirect.appendTo(log.toFile()));
            }));
        } catch (IOException | SQLException e) {
            throw new IllegalStateException("No PostgreSQL of its own for the test: " + e.getMessage(), e);
        }
    }

    /** Its database, with a witness. */
    public TestDatabase database() {
        return database;
    }

    /** Reads its log. */
    public <T> T log(Function<Stream<String>, T> reading) {
        try (Stream<String> lines = Files.lines(log)) {
            return reading.apply(lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops a server process where it is; it can be killed, and does nothing else any more. */
    public void freeze(int pid) {
        try {
            new ProcessBuilder("kill", "-STOP", Integer.toString(pid)).start().waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Kills a server process as {@code kill -9} does, upon which the server restarts all others, and waits until it serves again. */
    public void crash(int pid) {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        process.destroyForcibly();
        process.onExit().join();
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(10))
                .ignoreExceptions()
                .until(() -> database.query("SELECT 1", row -> row.getInt(1)).size() == 1);
    }

    @Override
    public void close() throws IOException {
        server.stop();
        Files.delete(log);
    }
}
