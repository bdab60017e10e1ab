package io.github.r2dbcsession.internal.connection.tls;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** Makes the TLS engines of one connection and of its cancel requests. Thread-safe. */
public final class TlsContext {

    /** The protocol name that PostgreSQL registered, which says that it is no other service's TLS. */
    public static final String PROTOCOL = "postgresql";

    private final SSLContext context;
    private final SSLParameters parameters;
    private final ClientCertificate client;
    private final AtomicReference<@Nullable SSLEngine> first = new AtomicReference<>();

    /**
     * Makes the first engine up to its first message, so that the costly part is over before an event loop sees it. Blocks.
     *
     * @param announce the host name to send in clear, null for none
     * @throws SSLException when no protocol version is left
     */
    TlsContext(SSLContext context, String[] versions, @Nullable String announce, ClientCertificate client)
            throws SSLException {
        this.context = context;
        this.client = client;
        this.parameters = context.getDefaultSSLParameters();
        parameters.setProtocols(versions);
        parameters.setApplicationProtocols(new String[] {PROTOCOL});
        if (announce != null) {
            announce(announce);
        }
        SSLEngine engine = create();
        engine.beginHandshake();
        first.set(engine);
    }

    private void announce(String host) {
        try {
            parameters.setServerNames(List.of(new SNIHostName(host.getBytes(StandardCharsets.US_ASCII))));
        } catch (IllegalArgumentException unspeakable) {
            // No name that TLS can announce: the server does without.
        }
    }

    /** Returns a new engine. */
    public SSLEngine engine() {
        SSLEngine prepared = first.getAndSet(null);
        return prepared != null ? prepared : create();
    }

    private SSLEngine create() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** The certificate that the server may ask for. */
    public ClientCertificate client() {
        return client;
    }
}
