package io.github.r2dbcsession.config;

import java.util.OptionalInt;
import java.util.regex.Pattern;

/** When a host and a port are sane, that is: could be what somebody meant. */
final class HostRules {

    static final String SANE = "must be a name, an address or a socket directory without @ / ? # [ ] or blanks;"
            + " write special characters of the user name or password as %XX";
    static final String NUMERIC = "must be an IPv4 or IPv6 address in numbers, one for each host";
    static final String PORT =
            "must be a number from 1 to 65535; write special characters of the user name or password as %XX";

    private static final Pattern IPV4 = Pattern.compile("(?:(?:25[0-5]|(?:2[0-4]|1?[0-9])?[0-9])(?:[.](?!$)|$)){4}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[\\w.-]+)?");
    private static final Pattern INSANE = Pattern.compile("[@/?#\\[\\]:\\s\\p{Cntrl}]");
    private static final Pattern NUMBER = Pattern.compile("[ \\t\\n\\x0B\\f\\r]*\\+?([0-9]{1,9})[ \\t\\n\\x0B\\f\\r]*");

    private HostRules() {}

    /** Whether a host, which may be empty for not stated, could be meant. */
    static boolean isSane(String host) {
        if (host.startsWith("/")) {
            return host.chars().noneMatch(Character::isISOControl);
        }
        return !INSANE.matcher(host).find() || IPV6.matcher(host).matches();
    }

    /** Checks lists of hosts and ports with commas; an empty one is not stated. */
    static void checkSane(String hosts, String ports) {
        for (String host : hosts.split(",", -1)) {
            if (!isSane(host) && !(host.startsWith("@") && isSane(host.substring(1)))) {
                throw new InvalidConnectionStringException("host", SANE);
            }
        }
        for (String port : ports.split(",", -1)) {
            if (!isSanePort(port)) {
                throw new InvalidConnectionStringException("port", PORT);
            }
        }
    }

    /** Whether a text is empty or an IPv4 or IPv6 address in numbers. */
    static boolean isNumericAddress(String address) {
        return address.isEmpty()
                || IPV4.matcher(address).matches()
                || IPV6.matcher(address).matches();
    }

    /** Whether a port is empty or from 1 to 65535. */
    static boolean isSanePort(String port) {
        return port.isEmpty() || port(port).isPresent();
    }

    /** The port that a text gives, empty when it is none. */
    static OptionalInt port(String text) {
        var number = NUMBER.matcher(text);
        if (!number.matches()) {
            return OptionalInt.empty();
        }
        int port = Integer.parseInt(number.group(1));
        return port >= 1 && port <= HostAndPort.MAX_PORT ? OptionalInt.of(port) : OptionalInt.empty();
    }
}
