package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Stands before the real server, counts what passes, and holds the server's answers back as long as told. Blocking, on threads of its
 * own.
 */
public final class SlowProxy implements AutoCloseable {

    private final String host;
    private final int port;
    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger messages = new AtomicInteger();
    private final AtomicInteger questions = new AtomicInteger();
    private final AtomicInteger statements = new AtomicInteger();
    private volatile Duration delay = Duration.ZERO;

    private SlowProxy(String host, int port) {
        this.host = host;
        this.port = port;
        try {
            this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    public static SlowProxy before(String host, int port) {
        return new SlowProxy(host, port);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** How many connections were made. */
    public int connections() {
        return connections.get();
    }

    /** How many times a client sent something, encrypted or not. */
    public int messages() {
        return messages.get();
    }

    /** How many times the health check's statement was sent. */
    public int questions() {
        return questions.get();
    }

    /** How many simple queries were sent. */
    public int statements() {
        return statements.get();
    }

    /** Holds every answer back from now on. */
    public void delay(Duration newDelay) {
        delay = newDelay;
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
                Socket client = listener.accept();
                Socket server = new Socket(host, port);
                sockets.addAll(List.of(client, server));
                connections.incrementAndGet();
                start(() -> forward(client, server, this::count));
                start(() -> forward(server, client, bytes -> LockSupport.parkNanos(delay.toNanos())));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void count(String bytes) {
        messages.incrementAndGet();
        if (bytes.startsWith("Q")) {
            statements.incrementAndGet();
        }
        if (bytes.contains("AS health_check")) {
            questions.incrementAndGet();
        }
    }

    private static void forward(Socket from, Socket to, Consumer<String> watch) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[8192];
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                watch.accept(new String(buffer, 0, length, StandardCharsets.ISO_8859_1));
                out.write(buffer, 0, length);
                out.flush();
            }
        } catch (IOException e) {
            // One side went away, which closes the other.
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "slow-proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
