package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.config.HostAndPort;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Speaks the first words with a server, to tell what it is before anything is trusted: TCP, TLS, and which way of logging in it asks for.
 * Nothing secret is sent, and nothing that comes is trusted.
 */
final class ServerProbe implements AutoCloseable {

    private static final int SSL_REQUEST = 80877103;
    private static final int PROTOCOL_3_0 = 196608;
    private static final int MAX_ERROR = 10_000;

    private final Duration limit;
    private Socket socket = new Socket();
    private X509Certificate @Nullable [] chain;

    ServerProbe(Duration limit) {
        this.limit = limit;
    }

    /** Connects by TCP. */
    void connect(InetAddress address, HostAndPort server) throws IOException {
        socket.connect(new InetSocketAddress(address, server.port()), (int) limit.toMillis());
        socket.setSoTimeout((int) limit.toMillis());
    }

    /** Asks for TLS in the way of PostgreSQL; false when the server has none. */
    boolean offersTls() throws IOException {
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeInt(8);
        out.writeInt(SSL_REQUEST);
        out.flush();
        return socket.getInputStream().read() == 'S';
    }

    /** Shakes hands, whatever the certificate, and returns the protocol, such as {@code TLSv1.3}. */
    String handshake(HostAndPort server) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Recorder()}, null);
            SSLSocket tls =
                    (SSLSocket) context.getSocketFactory().createSocket(socket, server.host(), server.port(), true);
            socket = tls;
            tls.startHandshake();
            return tls.getSession().getProtocol();
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS is not to be had here: " + e.getMessage(), e);
        }
    }

    /** The certificates that the server showed when hands were shaken, its own first. */
    List<X509Certificate> certificates() {
        return chain == null ? List.of() : List.of(chain);
    }

    /** Says who wants to log in and returns which way the server asks for. */
    String authentication(String user, String database) throws IOException {
        DataInputStream answer = startUp("user", user, "database", database);
        byte type = answer.readByte();
        answer.readInt();
        return type == 'R' ? method(answer.readInt()) : "none, the server refuses before it asks for a password";
    }

    /**
     * Says who wants to log in, with a parameter that PostgreSQL takes from anybody, as it has a prefix, and that PgBouncer refuses
     * unless it is told to ignore it.
     */
    boolean isPgBouncer(String user, String database) throws IOException {
        DataInputStream answer = startUp("user", user, "database", database, "r2dbc_session.probe", "1");
        if (answer.readByte() != 'E') {
            return false;
        }
        byte[] fields = answer.readNBytes(Math.min(answer.readInt() - Integer.BYTES, MAX_ERROR));
        return new String(fields, StandardCharsets.UTF_8).contains("unsupported startup parameter");
    }

    private DataInputStream startUp(String... parameters) throws IOException {
        ByteArrayOutputStream startup = new ByteArrayOutputStream();
        for (String text : parameters) {
            startup.write(text.getBytes(StandardCharsets.UTF_8));
            startup.write(0);
        }
        startup.write(0);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeInt(startup.size() + 8);
        out.writeInt(PROTOCOL_3_0);
        startup.writeTo(out);
        out.flush();
        return new DataInputStream(socket.getInputStream());
    }

    private static String method(int code) {
        return switch (code) {
            case 0 -> "no password asked for (trust, peer or certificate)";
            case 3 -> "password in clear text";
            case 5 -> "md5";
            case 7, 9 -> "GSS or SSPI";
            case 10 -> "scram-sha-256";
            default -> "number " + code;
        };
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Trusts everybody and remembers whom: nothing secret follows. */
    private final class Recorder implements X509TrustManager {

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String algorithm) {
            chain = certificates.clone();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String algorithm) {
            throw new UnsupportedOperationException("a client checks no client");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
