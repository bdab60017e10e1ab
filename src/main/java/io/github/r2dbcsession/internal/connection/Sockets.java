package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import reactor.netty.resources.LoopResources;

/**
 * What all sockets to one database have in common. Thread-safe.
 *
 * @param loops where they run
 * @param options what TCP is told of each
 * @param cancels takes turns at asking the server to stop a statement, which each needs a socket more
 */
record Sockets(EventLoops loops, SocketOptions options, Turns cancels) {

    /** A storm of cancelled statements must not become one of connections. */
    private static final int CANCELS_AT_A_TIME = 4;

    static Sockets of(ConnectionString string, LoopResources resources) {
        return new Sockets(new EventLoops(resources), SocketOptions.of(string), new Turns(CANCELS_AT_A_TIME));
    }
}
