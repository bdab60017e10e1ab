package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something that listens where a PostgreSQL should: it accepts every connection, sends what it was given to the first bytes it
 * reads, and from then on only reads. Blocking, on threads of its own.
 */
public final class FakeServer implements AutoCloseable {

    private final ServerSocket listener;
    private final byte[] answer;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();

    private FakeServer(byte[] answer) {
        this.answer = answer;
        try {
            this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start("accept", this::accept);
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
        return listener.getLocalPort();
    }

    /** Returns how many connections have been accepted. */
    public int accepted() {
        return accepted.get();
    }

    /** Returns how many of them the client has not closed. */
    public int open() {
        return open.get();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                accepted.incrementAndGet();
                open.incrementAndGet();
                start("read", () -> read(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void read(Socket socket) {
        try (socket) {
            byte[] buffer = new byte[1024];
            boolean first = true;
            while (socket.getInputStream().read(buffer) >= 0) {
                if (first) {
                    socket.getOutputStream().write(answer);
                    socket.getOutputStream().flush();
                    first = false;
                }
            }
        } catch (IOException e) {
            // The client reset the connection, which closes it just as well.
        } finally {
            open.decrementAndGet();
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, "fake-server-" + name);
        thread.setDaemon(true);
        thread.start();
    }
}
