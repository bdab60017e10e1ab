package io.github.r2dbcsession.testing;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** The server named by the environment variable {@code TEST_DATABASE_URL}. */
record GivenTestServer(String host, int port, String database, String user, String password) implements TestServer {

    /** Reads {@code postgresql://user:password@host:port/database}, each part percent-encoded where needed. */
    static GivenTestServer parse(String url) {
        URI uri = URI.create(url);
        String[] login = uri.getRawUserInfo() == null
                ? new String[0]
                : uri.getRawUserInfo().split(":", 2);
        if (login.length != 2 || uri.getHost() == null || uri.getPath().length() < 2) {
            throw new IllegalArgumentException(
                    "TEST_DATABASE_URL must be postgresql://user:password@host:port/database with a superuser");
        }
        return new GivenTestServer(
                uri.getHost(),
                uri.getPort() < 0 ? 5432 : uri.getPort(),
                uri.getPath().substring(1),
                decode(login[0]),
                decode(login[1]));
    }

    private static String decode(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    @Override
    public String kind() {
        return "given";
    }
}
