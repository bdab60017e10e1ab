package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Listens on a free port of the loopback address and serves each connection on a thread of its own. */
final class SocketServer implements AutoCloseable {

    /** What is done with one connection, which is closed afterwards. */
    @FunctionalInterface
    interface Service {
        void serve(Socket client) throws IOException;
    }

    private final String name;
    private final Service service;
    private final ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    SocketServer(String name, Service service) {
        this.name = name;
        this.service = service;
        try {
            this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(name, this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How many connections have been accepted. */
    int accepted() {
        return accepted.get();
    }

    /** How many of them are still served. */
    int open() {
        return sockets.size();
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
                start(name, () -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            service.serve(socket);
        } catch (IOException e) {
            // One side hung up, which ends the connection.
        } finally {
            sockets.remove(socket);
        }
    }

    static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }
}
