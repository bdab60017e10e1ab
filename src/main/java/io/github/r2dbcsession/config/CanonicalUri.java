package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Writes the libpq URI of a connection string. */
final class CanonicalUri {

    private CanonicalUri() {}

    static String of(ConnectionString string, Function<Secret, String> write) {
        StringBuilder uri = new StringBuilder("postgresql://");
        string.user().ifPresent(user -> uri.append(Percent.encode(user)));
        string.password().ifPresent(password -> uri.append(':').append(secret(password, write)));
        if (string.user().isPresent() || string.password().isPresent()) {
            uri.append('@');
        }
        uri.append(hosts(string)).append('/');
        string.database().ifPresent(database -> uri.append(Percent.encode(database)));
        List<String> query = new ArrayList<>();
        string.options().forEach((name, value) -> query.add(key(name) + "=" + Percent.encode(value)));
        string.sslPassword().ifPresent(password -> query.add("sslpassword=" + secret(password, write)));
        if (!query.isEmpty()) {
            uri.append('?').append(String.join("&", query));
        }
        return uri.toString();
    }

    private static String secret(Secret secret, Function<Secret, String> write) {
        String text = write.apply(secret);
        return text.equals(Secret.MASK) ? text : Percent.encode(text);
    }

    private static String hosts(ConnectionString string) {
        return string.hosts().stream()
                .map(host -> name(host, string.hostStated()) + ":" + host.port())
                .collect(Collectors.joining(","));
    }

    private static String name(HostAndPort host, boolean stated) {
        if (!stated) {
            return "";
        }
        return host.isIpv6() ? "[" + host.host().replace("%", "%25") + "]" : Percent.encode(host.host());
    }

    private static String key(String name) {
        boolean libpq = ParameterTable.ROWS.stream()
                .anyMatch(row -> row.family().equals("libpq") && row.key().equals(name));
        return libpq ? name : ParameterTable.DRIVER_PREFIX + name;
    }
}
