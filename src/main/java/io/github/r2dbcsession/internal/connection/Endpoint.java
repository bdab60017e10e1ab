package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.HostAndPort;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * One place to connect to. Immutable.
 *
 * @param host what was asked for: its name is the one that TLS verifies and that SNI says
 * @param address what to dial, null for the file of a Unix socket
 */
record Endpoint(HostAndPort host, @Nullable InetAddress address) {

    /** The host with the address in place of its name, so that nothing is left to resolve. */
    HostAndPort dialled() {
        return address == null ? host : new HostAndPort(address.getHostAddress(), host.port());
    }

    /** Returns the host, followed by the address where that says more. */
    @Override
    public String toString() {
        return address == null || address.getHostAddress().equals(host.host())
                ? host.toString()
                : host + " (" + address.getHostAddress() + ")";
    }
}
