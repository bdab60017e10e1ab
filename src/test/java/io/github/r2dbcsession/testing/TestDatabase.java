package io.github.r2dbcsession.testing;

import static org.awaitility.Awaitility.await;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The one PostgreSQL of a test run, with a witness that looks at it through a driver of another make. Thread-safe.
 *
 * <p>Started by the first {@link #get()}, stopped when the JVM ends. Chosen in this order: the environment variable
 * {@code TEST_DATABASE_URL}; a container where Docker answers; else an embedded server. The system property
 * {@code test.database} ({@code url}, {@code testcontainers}, {@code embedded}) demands one of them. The witness
 * blocks, so it is not for Reactor's non-blocking threads.
 */
public final class TestDatabase {

    private final TestServer server;
    private @Nullable Connection witness;

    TestDatabase(TestServer server) {
        this.server = server;
    }

    /** Returns the database of this run; the first call starts it. */
    public static TestDatabase get() {
        return Holder.DATABASE;
    }

    public String host() {
        return server.host();
    }

    public int port() {
        return server.port();
    }

    public String database() {
        return server.database();
    }

    /** Returns a superuser, who logs in by password and without TLS. */
    public String user() {
        return server.user();
    }

    public String password() {
        return server.password();
    }

    /** Returns the libpq URI of the database. */
    public String url() {
        return "postgresql://%s:%s@%s:%d/%s"
                .formatted(encode(user()), encode(password()), host(), port(), encode(database()));
    }

    /** Returns the libpq URI whose sessions carry the test class's application name and work in its schema. */
    public String url(Class<?> test) {
        return "%s?application_name=%s&options=-csearch_path%%3D%s"
                .formatted(url(), applicationName(test), schema(test));
    }

    /** Returns the {@code application_name} under which a test class connects. */
    public static String applicationName(Class<?> test) {
        return test.getSimpleName();
    }

    /** Returns the name of a test class's schema: {@code PoolIT} works in {@code pool_it}. */
    public static String schema(Class<?> test) {
        return test.getSimpleName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    /** Creates the schema of a test class, empty, and returns its name. */
    public String freshSchema(Class<?> test) {
        dropSchema(test);
        execute("CREATE SCHEMA " + schema(test));
        return schema(test);
    }

    /** Drops the schema of a test class, if it is there, with all it holds. */
    public void dropSchema(Class<?> test) {
        execute("DROP SCHEMA IF EXISTS " + schema(test) + " CASCADE");
    }

    /** Returns the server processes that serve an application. */
    public List<Backend> backends(String applicationName) {
        return query(
                """
                SELECT pid, state, query, wait_event FROM pg_stat_activity
                WHERE application_name = ? ORDER BY pid""",
                row -> new Backend(row.getInt(1), row.getString(2), row.getString(3), row.getString(4)),
                applicationName);
    }

    /** Whether its processes run here and can be stopped. */
    public boolean isLocal() {
        int pid = query("SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().command())
                .filter(command -> command.contains("postgres"))
                .isPresent();
    }

    /** Waits at most 15 s until no server process serves an application any more. */
    public void awaitNoBackends(String applicationName) {
        await("no backend of " + applicationName)
                .atMost(Duration.ofSeconds(15))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> backends(applicationName), List::isEmpty);
    }

    /** Runs one or more statements as the witness, each committed. */
    public synchronized void execute(String sql) {
        try (Statement statement = witness().createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("The witness failed: " + sql, e);
        }
    }

    /** Runs a query as the witness, with {@code ?} for parameters, and returns its rows. */
    public synchronized <T> List<T> query(String sql, RowReader<T> reader, Object... parameters) {
        try (PreparedStatement statement = witness().prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            List<T> rows = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(reader.read(result));
                }
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException("The witness failed: " + sql, e);
        }
    }

    /** Opens one more session beside the witness, to hold a lock or a place, say; the caller closes it. */
    public Connection open(String applicationName) {
        Properties properties = new Properties();
        properties.setProperty("user", user());
        properties.setProperty("password", password());
        properties.setProperty("ApplicationName", applicationName);
        try {
            return DriverManager.getConnection(
                    "jdbc:postgresql://%s:%d/%s".formatted(host(), port(), encode(database())), properties);
        } catch (SQLException e) {
            throw new IllegalStateException("No session on the test database", e);
        }
    }

    /** Reads one row, by number from 1. */
    @FunctionalInterface
    public interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private Connection witness() throws SQLException {
        if (witness == null || !witness.isValid(1)) {
            witness = open("witness");
        }
        return witness;
    }

    private static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static TestDatabase start() {
        try {
            TestServer server = TestServer.start();
            TestDatabase database = new TestDatabase(server);
            String version = database.query("SHOW server_version", row -> row.getString(1))
                    .get(0);
            System.out.printf(
                    "Tests run on %s PostgreSQL %s at %s:%d%n", server.kind(), version, server.host(), server.port());
            return database;
        } catch (Exception e) {
            throw new IllegalStateException("No PostgreSQL for the tests: " + e.getMessage(), e);
        }
    }

    private static final class Holder {
        static final TestDatabase DATABASE = start();
    }
}
