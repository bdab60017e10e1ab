package io.github.r2dbcsession.testing;

import static org.awaitility.Awaitility.await;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A PostgreSQL of a test's own, that can be killed and started again at the same port. Everybody gets in as {@code postgres}. */
public final class CrashServer implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Path directory;
    private final int maxConnections;
    private EmbeddedPostgres postgres;

    private CrashServer(Path directory, int maxConnections) throws IOException {
        this.directory = directory;
        this.maxConnections = maxConnections;
        this.postgres = started(0);
    }

    /** Starts a server. */
    public static CrashServer start(int maxConnections) throws IOException {
        Path directory = Files.createTempDirectory("crash-server");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        return new CrashServer(directory, maxConnections);
    }

    private EmbeddedPostgres started(int port) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(directory.resolve("data"))
                .setCleanDataDirectory(false)
                .setServerConfig("max_connections", Integer.toString(maxConnections))
                .setServerConfig("superuser_reserved_connections", "0")
                .setServerConfig("unix_socket_directories", "")
                // What has been acknowledged must be there after a crash, which is not what embedded servers are set up
                // for.
                .setServerConfig("synchronous_commit", "on")
                .setPGStartupWait(LIMIT);
        return (port == 0 ? builder : builder.setPort(port)).start();
    }

    public int port() {
        return postgres.getPort();
    }

    /** The libpq URI of the server, for an application of this name. */
    public String url(String applicationName) {
        return "postgresql://postgres@127.0.0.1:%d/postgres?sslmode=disable&application_name=%s"
                .formatted(port(), applicationName);
    }

    /** The process of the postmaster. */
    public ProcessHandle postmaster() throws IOException {
        List<String> lines = Files.readAllLines(directory.resolve("data").resolve("postmaster.pid"));
        return ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElseThrow();
    }

    /** Kills the postmaster, and waits until its children have gone with it. */
    public void kill() throws IOException {
        ProcessHandle postmaster = postmaster();
        List<ProcessHandle> children = postmaster.descendants().toList();
        postmaster.destroyForcibly();
        await().atMost(LIMIT)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> !postmaster.isAlive() && children.stream().noneMatch(ProcessHandle::isAlive));
    }

    /** Starts the server again where it was, after {@link #kill()}. */
    public void restart() throws IOException {
        int port = port();
        postgres.close();
        postgres = started(port);
    }

    /** Runs a statement in a session of its own, and returns the first column of its rows. */
    public List<String> execute(String sql) throws SQLException {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return List.of();
            }
            Stream.Builder<String> column = Stream.builder();
            try (ResultSet rows = statement.getResultSet()) {
                while (rows.next()) {
                    column.add(String.valueOf(rows.getString(1)));
                }
            }
            return column.build().toList();
        }
    }

    @Override
    public void close() throws IOException {
        postgres.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
