package io.github.r2dbcsession.connection;

import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.ServerRole;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Servers were reached, and none has the role that the connection string wants. What became of the other hosts is suppressed in it.
 * Nothing was sent, so trying again later is safe: a standby may have been promoted by then.
 */
public final class NoSuitableHostException extends R2dbcTransientResourceException {

    private static final long serialVersionUID = 1;

    private final transient List<HostAndPort> hosts;
    private final ServerRole role;

    /** Made by the library. */
    public NoSuitableHostException(
            String message, List<HostAndPort> hosts, ServerRole role, @Nullable Throwable cause) {
        super(message, "08001", 0, (String) null, cause);
        this.hosts = List.copyOf(hosts);
        this.role = role;
    }

    /** The hosts that were tried, in that order. */
    public List<HostAndPort> hosts() {
        return hosts;
    }

    /** The role that was wanted. */
    public ServerRole role() {
        return role;
    }
}
