package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The hosts of a string, at least one.
 *
 * @param stated whether the string names any; otherwise the list is localhost
 */
record Hosts(List<HostAndPort> list, boolean stated) {

    /**
     * Pairs libpq's comma-separated hosts, addresses and ports: each host has its own address, if any is stated; one port serves all,
     * otherwise each host has its own. A host without a name is called by its address.
     */
    static Hosts of(@Nullable String hosts, @Nullable String addresses, @Nullable String ports) {
        String names = hosts != null ? hosts : addresses != null ? addresses : "";
        String[] host = names.split(",", -1);
        String[] address = addresses != null ? addresses.split(",", -1) : new String[host.length];
        String[] port = (ports == null ? "" : ports).split(",", -1);
        if (address.length != host.length) {
            throw new InvalidConnectionStringException("hostaddr", "there must be one for each host");
        }
        if (port.length != 1 && port.length != host.length) {
            throw new InvalidConnectionStringException("port", "there must be one for all hosts or one for each");
        }
        List<HostAndPort> list = new ArrayList<>();
        for (int i = 0; i < host.length; i++) {
            String numeric = Objects.requireNonNullElse(address[i], "");
            if (!HostRules.isNumericAddress(numeric)) {
                throw new InvalidConnectionStringException("hostaddr", HostRules.NUMERIC);
            }
            list.add(hostAndPort(host[i].isEmpty() ? numeric : host[i], port[port.length == 1 ? 0 : i]));
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
}
