package io.github.r2dbcsession.example;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL 18 of the example's own, so that the tour needs nothing but a JDK. Thread-safe.
 *
 * <p>It listens on 127.0.0.1 only, speaks TLS only, with a certificate made at start, and asks for passwords from its
 * first moment on. Its data live in a temporary directory until it is closed or the JVM ends.
 */
public final class EmbeddedServer implements AutoCloseable {

    private static final String ROLE = "ledger-admin";
    private static final String PASSWORD = "y5268[695t-x";
    private static final String DATABASE = "ledger";
    private static final Duration STARTUP = Duration.ofSeconds(60);

    private final Thread hook = new Thread(this::close, "stop-embedded-server");
    private @Nullable Path home;
    private @Nullable EmbeddedPostgres postgres;

    private EmbeddedServer() {}

    /**
     * Starts a server and returns when it takes connections; the first start on a machine unpacks it, which takes longer.
     *
     * <p>From its first step on the server stops with the JVM, also when the start is interrupted.
     *
     * @param progress told, in a few words for people, what is being waited for
     * @throws IllegalStateException when it cannot start; the message ends with what PostgreSQL said
     */
    public static EmbeddedServer start(Consumer<String> progress) {
        EmbeddedServer server = new EmbeddedServer();
        Runtime.getRuntime().addShutdownHook(server.hook);
        try {
            server.open(progress);
            return server;
        } catch (Exception | ExceptionInInitializerError e) {
            String said = server.log();
            server.close();
            throw new IllegalStateException("Embedded PostgreSQL did not start: " + e.getMessage() + said, e);
        }
    }

    /** Returns the connection string of the ledger, in the words of SQLAlchemy and with its password as it is. */
    public String connectionString() {
        return "postgresql+psycopg2://%s:%s@127.0.0.1:%d/%s?sslmode=require"
                .formatted(ROLE, PASSWORD, running().getPort(), DATABASE);
    }

    /** Returns the PEM file of the authority that signed the server's certificate, for {@code sslrootcert}. */
    public synchronized Path rootCertificate() {
        running();
        return directory().resolve("root.crt");
    }

    /** Leaves the stopping to the caller, whose own shutdown hook then can drain first and {@link #close()} last. */
    public void stoppedByCaller() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending, so the hook is at work already.
        }
    }

    /** Stops the server and removes its directory; does nothing the second time. */
    @Override
    public synchronized void close() {
        if (home == null) {
            return;
        }
        Optional<ProcessHandle> postmaster = postmaster();
        try {
            if (postgres != null) {
                postgres.close();
            }
            postmaster.ifPresent(EmbeddedServer::end);
            remove(home);
        } catch (IOException e) {
            throw new UncheckedIOException("Embedded PostgreSQL left " + home, e);
        } finally {
            postgres = null;
            home = null;
        }
    }

    private synchronized void open(Consumer<String> progress) throws Exception {
        home = Files.createTempDirectory("ledger-postgres-");
        String password = UUID.randomUUID().toString();
        Path passwordFile = Files.writeString(home.resolve("password"), password);
        File log = home.resolve("log").toFile();
        progress.accept(
                unpacked() ? "creating a database (initdb)" : "first run: unpacking PostgreSQL 18, then initdb");
        postgres = EmbeddedPostgres.builder()
                .setDataDirectory(data())
                .setRegisterShutdownHook(false)
                .setPGStartupWait(STARTUP)
                .setOutputRedirector(Redirect.appendTo(log))
                // These two are handed to initdb as they stand: any locale of the machine will do, and no trusted
                // login.
                .setLocaleConfig("locale", "C")
                .setLocaleConfig("pwfile", passwordFile.toString())
                .setConnectConfig("password", password)
                .setServerConfig("listen_addresses", "127.0.0.1")
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("ssl", "on")
                .setDataDirectoryCustomizer(data -> {
                    secure(data.toPath());
                    progress.accept("starting PostgreSQL 18 with TLS");
                })
                .start();
        Files.delete(passwordFile);
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            createLedger(statement);
        }
    }

    private static void createLedger(Statement statement) throws SQLException {
        statement.execute("CREATE ROLE \"" + ROLE + "\" LOGIN PASSWORD '" + PASSWORD + "'");
        statement.execute("CREATE DATABASE " + DATABASE + " OWNER \"" + ROLE + "\"");
    }

    /** Puts the certificates in their places and lets in who comes by TLS with a password. */
    private void secure(Path data) {
        try {
            X509Bundle authority = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=Ledger example authority")
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            X509Bundle server = new CertificateBuilder()
                    .notAfter(Instant.now().plus(Duration.ofDays(365)))
                    .ecp256()
                    .subject("CN=localhost")
                    .addSanDnsName("localhost")
                    .addSanIpAddress("127.0.0.1")
                    .addExtendedKeyUsageServerAuth()
                    .buildIssuedBy(authority);
            Files.writeString(directory().resolve("root.crt"), authority.getCertificatePEM());
            Files.writeString(data.resolve("server.crt"), server.getCertificatePEM());
            Path key = data.resolve("server.key");
            Files.createFile(key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(key, server.getPrivateKeyPEM());
            Files.writeString(data.resolve("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
        } catch (Exception e) {
            throw new IllegalStateException("No certificate for the server: " + e.getMessage(), e);
        }
    }

    private synchronized EmbeddedPostgres running() {
        if (postgres == null) {
            throw new IllegalStateException("The embedded server is closed");
        }
        return postgres;
    }

    private Path directory() {
        if (home == null) {
            throw new IllegalStateException("The embedded server is closed");
        }
        return home;
    }

    private Path data() {
        return directory().resolve("data");
    }

    /** Tells whether an earlier start has unpacked PostgreSQL, where zonky keeps it. */
    private static boolean unpacked() throws IOException {
        Path binaries = Path.of(System.getProperty("java.io.tmpdir"), "embedded-pg");
        if (!Files.isDirectory(binaries)) {
            return false;
        }
        try (Stream<Path> versions = Files.list(binaries)) {
            return versions.anyMatch(version -> Files.exists(version.resolve(".exists")));
        }
    }

    /** Finds the server by the file it keeps, which is there even when its start was given up. */
    private Optional<ProcessHandle> postmaster() {
        try (Stream<String> lines = Files.lines(data().resolve("postmaster.pid"))) {
            return lines.findFirst().map(Long::parseLong).flatMap(ProcessHandle::of);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void end(ProcessHandle postmaster) {
        try {
            postmaster.onExit().get(5, TimeUnit.SECONDS);
        } catch (Exception e) {
            postmaster.destroyForcibly();
        }
    }

    private synchronized String log() {
        try {
            List<String> lines = Files.readAllLines(directory().resolve("log"));
            return ": " + String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
        } catch (IOException | IllegalStateException e) {
            return "";
        }
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
