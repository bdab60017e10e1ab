package io.github.r2dbcsession.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.Consumer;

/** PostgreSQL from the binaries on the class path, in a data directory of its own that goes when the JVM ends. */
final class EmbeddedTestServer implements TestServer {

    private final EmbeddedPostgres postgres;

    private EmbeddedTestServer(EmbeddedPostgres postgres) {
        this.postgres = postgres;
    }

    static EmbeddedTestServer create() throws IOException, SQLException {
        return create(builder -> {});
    }

    static EmbeddedTestServer create(Consumer<EmbeddedPostgres.Builder> customizer) throws IOException, SQLException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setServerConfig("max_connections", "200")
                .setServerConfig("unix_socket_directories", "")
                .setDataDirectoryCustomizer(EmbeddedTestServer::askForPasswords)
                .setPGStartupWait(Duration.ofSeconds(60));
        customizer.accept(builder);
        EmbeddedPostgres postgres = builder.start();
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE " + USER + " SUPERUSER LOGIN PASSWORD '" + PASSWORD + "'");
            statement.execute("CREATE DATABASE " + DATABASE + " OWNER " + USER);
        }
        return new EmbeddedTestServer(postgres);
    }

    /** The bootstrap superuser gets in as it is, everyone else by password: a wrong one must be seen to fail. */
    private static void askForPasswords(File dataDirectory) {
        try {
            Files.writeString(dataDirectory.toPath().resolve("pg_hba.conf"), """
                    host all postgres 127.0.0.1/32 trust
                    host all all      127.0.0.1/32 scram-sha-256
                    """);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String kind() {
        return "embedded";
    }

    @Override
    public String host() {
        return "127.0.0.1";
    }

    @Override
    public int port() {
        return postgres.getPort();
    }

    void stop() throws IOException {
        postgres.close();
    }
}
