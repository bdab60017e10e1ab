package io.github.r2dbcsession.testing;

/** A running PostgreSQL that takes password logins of a superuser. It stops with the JVM, if a run started it. */
interface TestServer {

    /** The superuser that every kind of server but a given one has. */
    String USER = "tester";

    /** Its password, asked for by SCRAM. */
    String PASSWORD = "test-password";

    /** Its database. */
    String DATABASE = "test";

    /** What the server is, for the line printed at the start of a run. */
    String kind();

    String host();

    int port();

    default String database() {
        return DATABASE;
    }

    default String user() {
        return USER;
    }

    default String password() {
        return PASSWORD;
    }

    /** Chooses and starts the server: a given URL, else a container, else an embedded one; a demanded kind or none. */
    static TestServer start() throws Exception {
        String demanded = System.getProperty("test.database", "any");
        String url = System.getenv("TEST_DATABASE_URL");
        return switch (demanded) {
            case "any" ->
                url != null
                        ? GivenTestServer.parse(url)
                        : ContainerTestServer.available() ? ContainerTestServer.create() : EmbeddedTestServer.create();
            case "url" -> {
                if (url == null) {
                    throw new IllegalStateException("test.database=url needs TEST_DATABASE_URL");
                }
                yield GivenTestServer.parse(url);
            }
            case "testcontainers" -> ContainerTestServer.create();
            case "embedded" -> EmbeddedTestServer.create();
            default ->
                throw new IllegalArgumentException(
                        "test.database must be any, url, testcontainers or embedded, was " + demanded);
        };
    }
}
