package io.github.r2dbcsession.testing;

import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** PostgreSQL in a container; the image is named by {@code test.postgres.image} or {@code TEST_POSTGRES_IMAGE}. */
final class ContainerTestServer implements TestServer {

    private static final String DEFAULT_IMAGE = "postgres:18.1";

    private final PostgreSQLContainer container;

    private ContainerTestServer(PostgreSQLContainer container) {
        this.container = container;
    }

    static boolean available() {
        return DockerClientFactory.instance().isDockerAvailable();
    }

    // closed by the shutdown hook
    @SuppressWarnings("resource")
    static ContainerTestServer create() {
        PostgreSQLContainer container = new PostgreSQLContainer(
                        DockerImageName.parse(image()).asCompatibleSubstituteFor("postgres"))
                .withDatabaseName(DATABASE)
                .withUsername(USER)
                .withPassword(PASSWORD)
                .withCommand("postgres", "-c", "fsync=off", "-c", "max_connections=200");
        Runtime.getRuntime().addShutdownHook(new Thread(container::stop, "stop-test-database"));
        container.start();
        return new ContainerTestServer(container);
    }

    private static String image() {
        String fromEnvironment = System.getenv().getOrDefault("TEST_POSTGRES_IMAGE", DEFAULT_IMAGE);
        return System.getProperty("test.postgres.image", fromEnvironment);
    }

    @Override
    public String kind() {
        return "Testcontainers " + container.getDockerImageName();
    }

    @Override
    public String host() {
        return container.getHost();
    }

    @Override
    public int port() {
        return container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT);
    }
}
