package io.github.r2dbcsession.internal.connection;

import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;

/**
 * TLS that the driver cannot bind a login to: while it logs in, it is shown an engine that has met no server, and then it takes the
 * mechanism without a binding and says so to the server, as libpq does with {@code channel_binding=disable}.
 */
final class UnboundTls extends SslHandler {

    private final SSLEngine unused;
    private volatile boolean loggingIn;

    UnboundTls(SSLEngine engine, SSLEngine unused, Executor executor) {
        super(engine, false, executor);
        this.unused = unused;
    }

    @Override
    public SSLEngine engine() {
        return loggingIn ? unused : super.engine();
    }

    /** The driver begins to log in, or has done. */
    void logIn(boolean begins) {
        loggingIn = begins;
    }
}
