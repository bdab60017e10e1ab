package io.github.r2dbcsession.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.awaitility.Awaitility;

/** Two servers of one cluster: a primary, and a standby made of a copy of it. Both let everybody in as {@code postgres}. */
public final class PrimaryAndStandby implements AutoCloseable {

    private final Path directory;
    private final EmbeddedPostgres primary;
    private final EmbeddedPostgres standby;

    private PrimaryAndStandby(Path directory, EmbeddedPostgres primary, EmbeddedPostgres standby) {
        this.directory = directory;
        this.primary = primary;
        this.standby = standby;
    }

    public static PrimaryAndStandby start() throws IOException {
        Path directory = Files.createTempDirectory("servers");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path data = directory.resolve("primary");
        server(directory, data).close();
        Path copy = directory.resolve("standby");
        copy(data, copy);
        Files.createFile(copy.resolve("standby.signal"));
        return new PrimaryAndStandby(directory, server(directory, data), server(directory, copy));
    }

    private static EmbeddedPostgres server(Path sockets, Path data) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setServerConfig("unix_socket_directories", sockets.toString())
                .setPGStartupWait(Duration.ofSeconds(60))
                .start();
    }

    public int primaryPort() {
        return primary.getPort();
    }

    public int standbyPort() {
        return standby.getPort();
    }

    /** The directory of the sockets of both. */
    public Path sockets() {
        return directory;
    }

    public void onPrimary(String sql) {
        execute(primary, sql);
    }

    public void onStandby(String sql) {
        execute(standby, sql);
    }

    /** Lets the standby follow the primary, and returns when it has begun to. */
    public void follow() {
        onStandby("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 user=postgres port=" + primaryPort() + "'");
        onStandby("SELECT pg_reload_conf()");
        onPrimary("CREATE TABLE followed ()");
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> onStandby("TABLE followed"));
    }

    public void promote() {
        execute(standby, "SELECT pg_promote()");
    }

    /** How many sessions of an application the primary serves. */
    public int sessions(String applicationName) {
        try (Connection connection = primary.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + applicationName + "'")) {
            row.next();
            return row.getInt(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        try (standby;
                primary) {
            // Both are stopped before their files go.
        }
        delete(directory);
    }

    private static void execute(EmbeddedPostgres server, String sql) {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectory(
                        to.resolve(from.relativize(folder)),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                try {
                    Files.copy(file, to.resolve(from.relativize(file)));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path emptied, @org.jspecify.annotations.Nullable IOException e)
                    throws IOException {
                Files.delete(emptied);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
