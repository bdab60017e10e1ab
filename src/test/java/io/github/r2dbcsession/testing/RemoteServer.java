package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A PostgreSQL in a network of its own, reached over a link that can be taken down: then packets are lost without a word, which no proxy
 * can imitate, as the kernel of its host acknowledges what it is sent. Needs root, Linux and Debian's PostgreSQL 15.
 */
public final class RemoteServer implements BlackHole {

    private static final Path BIN = Path.of("/usr/lib/postgresql/15/bin");
    private static final String NETWORK = "r2dbc-session-it";
    private static final String HERE = "r2s-here";
    private static final String THERE = "r2s-there";
    private static final String HOST = "10.231.77.2";
    private static final int PORT = 5432;

    private final String application;
    private final Path data;

    private RemoteServer(String application, Path data) {
        this.application = application;
        this.data = data;
    }

    /** Returns what is missing to start one, empty when nothing is. */
    public static String missing() {
        if (!Commands.isRoot()) {
            return "a network of its own needs root";
        }
        if (!Commands.isInstalled("ip", "runuser", "unshare")) {
            return "a network of its own needs ip and runuser";
        }
        return Files.isExecutable(BIN.resolve("postgres")) ? "" : "there is no " + BIN;
    }

    /** Starts it. */
    public static RemoteServer start(String application) {
        try {
            network();
            Path folder = Files.createTempDirectory("remote-server");
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Path data = Files.createDirectory(folder.resolve("data"));
            Files.setOwner(
                    data, data.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres"));
            server("initdb", "-D", data.toString(), "-U", "postgres", "-A", "trust", "-N");
            Files.writeString(data.resolve("pg_hba.conf"), "host all all 10.231.77.0/30 trust\n");
            Files.writeString(
                    data.resolve("postgresql.auto.conf"),
                    "port = %d\nlisten_addresses = '%s'\nunix_socket_directories = ''\nfsync = off\n"
                            .formatted(PORT, HOST));
            server("pg_ctl", "-D", data.toString(), "-l", data + "/log", "-w", "start");
            return new RemoteServer(application, data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void network() {
        try {
            Commands.run("ip", "netns", "del", NETWORK);
        } catch (IllegalStateException absent) {
            // As it should be.
        }
        Commands.run("ip", "netns", "add", NETWORK);
        Commands.run("ip", "link", "add", HERE, "type", "veth", "peer", "name", THERE, "netns", NETWORK);
        Commands.run("ip", "addr", "add", "10.231.77.1/30", "dev", HERE);
        Commands.run("ip", "link", "set", HERE, "up");
        Commands.run("ip", "-n", NETWORK, "addr", "add", HOST + "/30", "dev", THERE);
        Commands.run("ip", "-n", NETWORK, "link", "set", "lo", "up");
        Commands.run("ip", "-n", NETWORK, "link", "set", THERE, "up");
    }

    private static void server(String program, String... arguments) {
        Commands.run(Stream.concat(
                        Stream.of(
                                "ip",
                                "netns",
                                "exec",
                                NETWORK,
                                "runuser",
                                "-u",
                                "postgres",
                                "--",
                                BIN.resolve(program).toString()),
                        Stream.of(arguments))
                .toArray(String[]::new));
    }

    @Override
    public String url() {
        return "postgresql://postgres@%s:%d/postgres?application_name=%s&sslmode=disable"
                .formatted(HOST, PORT, application);
    }

    @Override
    public void strike() {
        Commands.run("ip", "-n", NETWORK, "link", "set", THERE, "down");
    }

    @Override
    public void heal() {
        Commands.run("ip", "-n", NETWORK, "link", "set", THERE, "up");
    }

    @Override
    public boolean isAsleep() {
        return !query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = '"
                        + application + "'")
                .isEmpty();
    }

    /** Runs a statement as the administrator and returns the first column of what it answers. */
    public List<String> query(String sql) {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://%s:%d/postgres?user=postgres&sslmode=disable".formatted(HOST, PORT));
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return List.of();
            }
            List<String> rows = new java.util.ArrayList<>();
            ResultSet result = statement.getResultSet();
            while (result.next()) {
                rows.add(result.getString(1));
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Counts those that are open or being opened; one that was closed keeps the kernel busy for a while, but no program. */
    @Override
    public int sockets() {
        String address = "%02X%02X%02X%02X:%04X".formatted(2, 77, 231, 10, PORT).toUpperCase(Locale.ROOT);
        try (Stream<String> v4 = Files.lines(Path.of("/proc/self/net/tcp"));
                Stream<String> v6 = Files.lines(Path.of("/proc/self/net/tcp6"))) {
            return (int) Stream.concat(v4, v6)
                    .map(line -> line.strip().split("\\s+"))
                    .filter(cells ->
                            cells[2].endsWith(address) && List.of("01", "02").contains(cells[3]))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        heal();
        server("pg_ctl", "-D", data.toString(), "-m", "immediate", "stop");
        Commands.run("ip", "netns", "del", NETWORK);
        try (Stream<Path> files = Files.walk(data.getParent())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
