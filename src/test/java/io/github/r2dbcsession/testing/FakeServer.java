package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.net.Socket;

/**
 * Something that listens where a PostgreSQL should: it accepts every connection, sends what it was given to the first bytes it
 * reads, and from then on only reads. Blocking, on threads of its own.
 */
public final class FakeServer implements AutoCloseable {

    private final byte[] answer;
    private final SocketServer server;

    private FakeServer(byte[] answer) {
        this.answer = answer;
        this.server = new SocketServer("fake-server", this::read);
    }

    /** Starts a server that never says a word. */
    public static FakeServer silent() {
        return new FakeServer(new byte[0]);
    }

    /** Starts a server that answers the first bytes of each connection with these. */
    public static FakeServer answering(byte... answer) {
        return new FakeServer(answer);
    }

    public int port() {
        return server.port();
    }

    /** Returns how many connections have been accepted. */
    public int accepted() {
        return server.accepted();
    }

    /** Returns how many of them the client has not closed. */
    public int open() {
        return server.open();
    }

    @Override
    public void close() {
        server.close();
    }

    private void read(Socket socket) throws IOException {
        byte[] buffer = new byte[1024];
        boolean first = true;
        while (socket.getInputStream().read(buffer) >= 0) {
            if (first) {
                socket.getOutputStream().write(answer);
                socket.getOutputStream().flush();
                first = false;
            }
        }
    }
}
