package io.github.r2dbcsession.config;

import java.util.Objects;

/**
 * Where a server listens. Immutable.
 *
 * @param host a name, an IPv4 or IPv6 address without brackets, or the directory of a Unix socket, which begins with {@code /}
 * @param port from 1 to 65535; of a socket, the number that its file name ends in
 */
public record HostAndPort(String host, int port) {

    /** PostgreSQL's port, 5432. */
    public static final int DEFAULT_PORT = 5432;

    static final int MAX_PORT = 65_535;
    static final String LOCALHOST = "localhost";

    /** Checks host and port. */
    public HostAndPort {
        Objects.requireNonNull(host, "host");
        if (!HostRules.isSane(host) || host.isEmpty()) {
            throw new InvalidConnectionStringException("host", HostRules.SANE);
        }
        if (port < 1 || port > MAX_PORT) {
            throw new InvalidConnectionStringException("port", HostRules.PORT);
        }
    }

    /** Returns a host at {@link #DEFAULT_PORT}. */
    public static HostAndPort of(String host) {
        return new HostAndPort(host, DEFAULT_PORT);
    }

    /** Whether the host is the directory of a Unix socket. */
    public boolean isSocket() {
        return host.startsWith("/");
    }

    /** Whether the host is an IPv6 address. */
    public boolean isIpv6() {
        return !isSocket() && host.indexOf(':') >= 0;
    }

    /**
     * Returns the path of the socket's file, {@code <host>/.s.PGSQL.<port>}.
     *
     * @throws IllegalStateException when the host is no socket directory
     */
    public String socketFile() {
        if (!isSocket()) {
            throw new IllegalStateException("the host must be a socket directory");
        }
        return host + (host.endsWith("/") ? "" : "/") + ".s.PGSQL." + port;
    }

    /** Returns {@code host:port}, {@code [address]:port} or the path of the socket's file. */
    @Override
    public String toString() {
        if (isSocket()) {
            return socketFile();
        }
        return (isIpv6() ? "[" + host + "]" : host) + ":" + port;
    }
}
