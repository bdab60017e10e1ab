package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a client and a server and spoils what passes: swallows it, adds to it, breaks off. A link that has lost bytes stays
 * lost. Blocking, on threads of its own.
 */
public final class FaultProxy implements AutoCloseable {

    /** What a cancel request begins with. */
    public static final int CANCEL_REQUEST = 80877102;

    /** What a request for TLS is. */
    public static final int TLS_REQUEST = 80877103;

    /** Which way bytes go. */
    public enum Way {
        TO_SERVER,
        TO_CLIENT
    }

    private final class Link {

        final Socket client;
        final Socket server;
        volatile Set<Way> lost = swallowed;
        volatile boolean clientGone;
        boolean begun;

        Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void forward(Way way) {
            try {
                InputStream in = (way == Way.TO_SERVER ? client : server).getInputStream();
                OutputStream out = (way == Way.TO_SERVER ? server : client).getOutputStream();
                byte[] buffer = new byte[8192];
                for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                    pass(way, out, buffer, length);
                }
            } catch (IOException e) {
                // One side went away.
            }
            if (way == Way.TO_SERVER) {
                open.decrementAndGet();
                clientGone = true;
            }
            if (!lost.contains(way)) {
                close();
            }
        }

        private void pass(Way way, OutputStream out, byte[] buffer, int length) throws IOException {
            if (way == Way.TO_SERVER && !begun && length >= 8) {
                begun = true;
                int opening = ByteBuffer.wrap(buffer).getInt(4);
                openings.add(opening);
                if (opening == swallowedOpening) {
                    lost = EnumSet.allOf(Way.class);
                }
            }
            String text = trigger;
            if (way == Way.TO_SERVER
                    && text != null
                    && new String(buffer, 0, length, StandardCharsets.ISO_8859_1).contains(text)) {
                trigger = null;
                swallow(triggered);
            }
            LockSupport.parkNanos(way == Way.TO_CLIENT ? delay.toNanos() : 0);
            if (!lost.contains(way)) {
                out.write(buffer, 0, length);
                out.flush();
            }
        }

        void close() {
            try {
                client.close();
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final String host;
    private final int port;
    private final SocketServer listener;
    private final List<Link> links = new CopyOnWriteArrayList<>();
    private final List<Integer> openings = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private volatile Set<Way> swallowed = EnumSet.noneOf(Way.class);
    private volatile Set<Way> triggered = EnumSet.noneOf(Way.class);
    private volatile @Nullable String trigger;
    private volatile int swallowedOpening;
    private volatile Duration delay = Duration.ZERO;

    private FaultProxy(String host, int port) {
        this.host = host;
        this.port = port;
        this.listener = new SocketServer("fault-proxy", this::serve);
    }

    /** Starts a proxy that passes everything on. */
    public static FaultProxy before(TestDatabase database) {
        return before(database.host(), database.port());
    }

    /** Starts a proxy that passes everything on. */
    public static FaultProxy before(String host, int port) {
        return new FaultProxy(host, port);
    }

    /** Returns {@link TestDatabase#url(Class)} with this proxy in the server's place, without TLS. */
    public String url(TestDatabase database, Class<?> test) {
        return database.url(test)
                        .replace("@" + database.host() + ":" + database.port(), "@127.0.0.1:" + listener.port())
                + "&sslmode=disable";
    }

    public int port() {
        return listener.port();
    }

    /** Returns how many connections have been accepted. */
    public int accepted() {
        return listener.accepted();
    }

    /** Returns how many of them the client has not closed. */
    public int open() {
        return open.get();
    }

    /** Returns how many were open at the same time at most. */
    public int most() {
        return most.get();
    }

    /** Returns the code that each connection began with, which tells a startup message, a request for TLS and a cancel request apart. */
    public List<Integer> openings() {
        return List.copyOf(openings);
    }

    /** Holds everything the server says back for so long, from now on. */
    public void delay(Duration newDelay) {
        delay = newDelay;
    }

    /** Swallows what goes these ways, on links of now and of later. */
    public void swallow(Set<Way> ways) {
        swallowed = Set.copyOf(ways);
        links.forEach(link -> link.lost = swallowed);
    }

    /** Swallows what goes these ways from the first bytes for the server on that hold a text. */
    public void swallowFrom(String text, Set<Way> ways) {
        triggered = Set.copyOf(ways);
        trigger = text;
    }

    /** Swallows what goes either way on links that begin with this code. */
    public void swallowOpening(int code) {
        swallowedOpening = code;
    }

    /** Serves new connections well again, and lets the server learn which clients have gone. */
    public void heal() {
        trigger = null;
        swallowed = Set.of();
        links.stream().filter(link -> link.clientGone).forEach(Link::close);
    }

    /** Says something to every client in the server's name. */
    public void say(byte[] bytes) {
        for (Link link : links) {
            try {
                link.client.getOutputStream().write(bytes);
                link.client.getOutputStream().flush();
            } catch (IOException e) {
                // That client has gone.
            }
        }
    }

    /** Closes every connection. */
    public void hangUp() {
        links.forEach(Link::close);
    }

    @Override
    public void close() {
        listener.close();
        hangUp();
    }

    private void serve(Socket client) throws IOException {
        Socket server = new Socket(host, port);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        Link link = new Link(client, server);
        links.add(link);
        most.accumulateAndGet(open.incrementAndGet(), Math::max);
        SocketServer.start("fault-proxy", () -> link.forward(Way.TO_CLIENT));
        link.forward(Way.TO_SERVER);
    }
}
