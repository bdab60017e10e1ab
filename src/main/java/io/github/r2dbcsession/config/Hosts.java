package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The hosts of a string, at least one.
 *
 * @param stated whether the string names any; otherwise the list is localhost
 */
record Hosts(List<HostAndPort> list, boolean stated) {

    /** Pairs libpq's comma-separated hosts and ports: one port serves all, otherwise each host has its own. */
    static Hosts of(@Nullable String hosts, @Nullable String addresses, @Nullable String ports) {
        if (hosts != null && addresses != null) {
            throw new InvalidConnectionStringException("hostaddr", "cannot be honoured beside host; name one of them");
        }
        String names = hosts != null ? hosts : addresses != null ? addresses : "";
        String[] host = names.split(",", -1);
        String[] port = (ports == null ? "" : ports).split(",", -1);
        if (port.length != 1 && port.length != host.length) {
            throw new InvalidConnectionStringException("port", "there must be one for all hosts or one for each");
        }
        List<HostAndPort> list = new ArrayList<>();
        for (int i = 0; i < host.length; i++) {
            list.add(hostAndPort(host[i], port[port.length == 1 ? 0 : i]));
        }
        return new Hosts(List.copyOf(list), !names.isEmpty());
    }

    private static HostAndPort hostAndPort(String host, String portText) {
        if (host.startsWith("@")) {
            throw new InvalidConnectionStringException(
                    "host", "an abstract socket cannot be served; name a socket directory or a host");
        }
        int port = portText.isEmpty()
                ? HostAndPort.DEFAULT_PORT
                : HostRules.port(portText)
                        .orElseThrow(() -> new InvalidConnectionStringException("port", HostRules.PORT));
        return new HostAndPort(host.isEmpty() ? HostAndPort.LOCALHOST : host, port);
    }

    /** Whether the driver's failover must choose: there are several hosts, or the one must have a role. */
    static boolean failover(List<HostAndPort> list, Map<String, String> options) {
        return list.size() > 1
                || !options.getOrDefault("target_session_attrs", "any").equals("any");
    }

    /** Refuses what the driver's failover cannot serve. */
    void check(Map<String, String> options) {
        if (failover(list, options) && list.stream().anyMatch(host -> host.isSocket() || host.isIpv6())) {
            throw new InvalidConnectionStringException(
                    "host",
                    "a socket or an IPv6 address cannot be one of several hosts nor have a required role; use a name");
        }
    }
}
