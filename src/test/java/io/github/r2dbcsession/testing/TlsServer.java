package io.github.r2dbcsession.testing;

import io.netty.pkitesting.X509Bundle;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL of its own whose TLS and {@code pg_hba.conf} a test changes while it runs: Debian's 15 where it is installed, else the
 * embedded one. User {@code app} logs in to database {@code postgres} with the password {@link #PASSWORD}.
 */
public final class TlsServer implements AutoCloseable {

    public static final String PASSWORD = "tls-test-password";

    private static final Path DEBIAN = Path.of("/usr/lib/postgresql/15/bin");
    private static final Duration START = Duration.ofSeconds(60);
    private static final String ADMINISTRATOR = "host all postgres 127.0.0.1/32 trust\n";

    private final Path data;
    private final int port;
    private final AutoCloseable postgres;

    private TlsServer(Path data, int port, AutoCloseable postgres) {
        this.data = data;
        this.port = port;
        this.postgres = postgres;
    }

    /** Starts Debian's PostgreSQL 15, or where there is none an embedded one. */
    public static TlsServer debian() {
        try {
            return Files.isExecutable(DEBIAN.resolve("postgres")) ? startDebian() : embedded();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts an embedded PostgreSQL. */
    public static TlsServer embedded() {
        try {
            Path data = Files.createTempDirectory("tls-server").resolve("data");
            EmbeddedPostgres postgres = EmbeddedPostgres.builder()
                    .setDataDirectory(data)
                    .setServerConfig("unix_socket_directories", "")
                    .setPGStartupWait(START)
                    .setDataDirectoryCustomizer(it -> writeUnchecked(it.toPath().resolve("pg_hba.conf"), ADMINISTRATOR))
                    .start();
            return prepared(new TlsServer(data, postgres.getPort(), postgres));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TlsServer startDebian() throws IOException {
        Path folder = Files.createTempDirectory("tls-server");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path data = folder.resolve("data");
        Files.createDirectory(data);
        giveToServer(data);
        run(DEBIAN.resolve("initdb").toString(), "-D", data.toString(), "-U", "postgres", "-A", "trust", "-N");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        writeUnchecked(data.resolve("pg_hba.conf"), ADMINISTRATOR);
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "port = %d\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
                        .formatted(port));
        run(DEBIAN.resolve("pg_ctl").toString(), "-D", data.toString(), "-l", data + "/log", "-w", "start");
        return prepared(new TlsServer(
                data,
                port,
                () -> run(DEBIAN.resolve("pg_ctl").toString(), "-D", data.toString(), "-m", "immediate", "stop")));
    }

    private static TlsServer prepared(TlsServer server) {
        server.execute("CREATE ROLE app LOGIN PASSWORD '" + PASSWORD + "'");
        return server;
    }

    public int port() {
        return port;
    }

    /**
     * Changes the server and waits until new connections meet the change.
     *
     * @param bundle the certificate to show, null to switch TLS off
     * @param clients the authority of client certificates, null to ask for none
     * @param rules lines of {@code pg_hba.conf}
     */
    public void configure(@Nullable X509Bundle bundle, @Nullable X509Bundle clients, String... rules) {
        List<String> settings = new ArrayList<>(List.of("ssl = " + (bundle == null ? "off" : "on")));
        if (bundle != null) {
            write("server.crt", bundle.getCertificatePathPEM());
            write("server.key", bundle.getPrivateKeyPEM());
        }
        if (clients != null) {
            write("clients.crt", clients.getCertificatePEM());
        }
        settings.add("ssl_ca_file = " + (clients == null ? "''" : "'clients.crt'"));
        write("pg_hba.conf", ADMINISTRATOR + String.join("\n", rules) + "\n");
        try (Connection connection = administrator();
                Statement statement = connection.createStatement()) {
            for (String setting : settings) {
                statement.execute("ALTER SYSTEM SET " + setting);
            }
            String before = value(statement, "SELECT pg_conf_load_time()");
            statement.execute("SELECT pg_reload_conf()");
            Awaitility.await()
                    .atMost(START)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !value(statement, "SELECT pg_conf_load_time()").equals(before));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs a statement as the administrator. */
    public void execute(String sql) {
        try (Connection connection = administrator();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns how many statements with a word in them are running for user {@code app}. */
    public int running(String word) {
        try (Connection connection = administrator();
                Statement statement = connection.createStatement()) {
            return Integer.parseInt(value(
                    statement,
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active' AND query LIKE '%"
                            + word + "%'"));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            postgres.close();
            deleteFolder();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void deleteFolder() throws IOException {
        try (Stream<Path> files = Files.walk(data.getParent())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Connection administrator() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=postgres&sslmode=disable");
    }

    private static String value(Statement statement, String sql) throws SQLException {
        try (ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private void write(String name, String text) {
        writeUnchecked(data.resolve(name), text);
    }

    private static void writeUnchecked(Path file, String text) {
        try {
            Files.writeString(file, text);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            FileOwnerAttributeView owner = Files.getFileAttributeView(
                    file.getParent(), FileOwnerAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            Files.setOwner(file, owner.getOwner());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void giveToServer(Path file) throws IOException {
        if (Commands.isRoot()) {
            Files.setOwner(
                    file, file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres"));
        }
    }

    private static void run(String... command) {
        Stream<String> user = Commands.isRoot() ? Stream.of("runuser", "-u", "postgres", "--") : Stream.of();
        Commands.run(Stream.concat(user, Stream.of(command)).toArray(String[]::new));
    }
}
