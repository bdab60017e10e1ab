package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One of the hosts of a connection string. Immutable.
 *
 * @param host what was asked for
 * @param name what to resolve: the host's name, or the numeric address that the string gives in its place
 */
record Server(HostAndPort host, String name) {

    static List<Server> of(ConnectionString string) {
        List<HostAndPort> hosts = string.hosts();
        List<String> addresses = string.hostAddresses();
        return IntStream.range(0, hosts.size())
                .mapToObj(i -> new Server(
                        hosts.get(i), addresses.get(i).isEmpty() ? hosts.get(i).host() : addresses.get(i)))
                .toList();
    }

    /** Whether there is nothing to resolve, but a file. */
    boolean isSocket() {
        return name.startsWith("/");
    }
}
