package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a client and a server and knows the messages of the protocol: notes the statements, and breaks connections at a
 * message. {@link FaultProxy} spoils bytes, and so works under TLS too.
 * Plain TCP only. Blocking, on threads of its own.
 */
public final class ProtocolProxy implements AutoCloseable {

    private static final List<String> AT_LOGIN =
            List.of("SHOW TRANSACTION ISOLATION LEVEL", "SELECT oid, * FROM pg_catalog.pg_type");

    private final TestDatabase database;
    private final Flow toServer = new Flow();
    private final Flow toClient = new Flow();
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final List<String> statements = new CopyOnWriteArrayList<>();
    private final List<String> roundTrips = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Trap> trap = new AtomicReference<>();
    private final SocketServer server;
    private volatile boolean sprung;
    private volatile UnaryOperator<String> rewriting = UnaryOperator.identity();

    /** Starts the proxy. */
    public ProtocolProxy(TestDatabase database) {
        this.database = database;
        this.server = new SocketServer("protocol-proxy", this::serve);
    }

    public int port() {
        return server.port();
    }

    /** Returns {@link TestDatabase#url(Class)} with this proxy in the server's place. */
    public String url(Class<?> test) {
        return database.url(test).replace("@" + database.host() + ":" + database.port(), "@127.0.0.1:" + port())
                + "&sslmode=disable";
    }

    /** Returns how many connections have been made, those of cancel requests included. */
    public int connects() {
        return server.accepted();
    }

    /** Returns how many connections are open. */
    public int open() {
        return server.open();
    }

    /**
     * Returns the statements sent or prepared since the last call, in order, {@code cancel} for a cancel request. Left out is what the driver
     * asks at each login.
     */
    public List<String> statements() {
        return taken(statements);
    }

    /** Returns the round trips since the last call, each with the statements that it carried out, {@code +} between them. */
    public List<String> roundTrips() {
        return taken(roundTrips);
    }

    private static List<String> taken(List<String> noted) {
        List<String> sent = noted.stream()
                .filter(sql -> AT_LOGIN.stream().noneMatch(sql::startsWith))
                .toList();
        noted.clear();
        return sent;
    }

    /** Passes other texts on to the server than statements had when they were sent or prepared, from now on. */
    public void rewrite(UnaryOperator<String> newRewriting) {
        rewriting = newRewriting;
    }

    /** What is done to all that clients send. */
    public Flow toServer() {
        return toServer;
    }

    /** What is done to all that the server sends. */
    public Flow toClient() {
        return toClient;
    }

    /** Returns a trap for the first message that fits. One trap is set at a time. */
    public Trap trap(Predicate<Message> when) {
        return new Trap(
                set -> {
                    sprung = false;
                    trap.set(set);
                },
                when);
    }

    /** Returns whether the trap that was set last waits for its message. */
    public boolean isTrapSet() {
        return trap.get() != null;
    }

    /** Returns whether the trap that was set last has caught its message and broken the connection. */
    public boolean hasSprung() {
        return sprung;
    }

    /** Breaks every open connection. */
    public void cut(Fault fault) {
        for (Link link : links) {
            try {
                link.cut(fault);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        toServer.resume();
        toClient.resume();
        server.close();
    }

    private void serve(Socket client) throws IOException {
        try (Socket upstream = new Socket(database.host(), database.port())) {
            client.setTcpNoDelay(true);
            upstream.setTcpNoDelay(true);
            Link link = new Link(this, client, upstream);
            links.add(link);
            try {
                SocketServer.start("protocol-proxy", link::toClient);
                link.toServer();
            } finally {
                links.remove(link);
            }
        }
    }

    void record(String statement) {
        statements.add(statement);
    }

    void sprung() {
        sprung = true;
    }

    /** Takes the trap that this message springs. */
    @Nullable
    Trap take(Message message) {
        Trap waiting = trap.get();
        return waiting != null && waiting.fits(message) && trap.compareAndSet(waiting, null) ? waiting : null;
    }

    void recordRoundTrip(String statementsOfIt) {
        roundTrips.add(statementsOfIt);
    }

    /** Notes the frame's statement, and returns the frame to pass on. */
    byte[] rewritten(byte[] frame) {
        Message message = Message.of(true, frame);
        if (message.type() != 'Q' && message.type() != 'P') {
            return frame;
        }
        record(message.text());
        byte[] text = message.text().getBytes(StandardCharsets.UTF_8);
        byte[] other = rewriting.apply(message.text()).getBytes(StandardCharsets.UTF_8);
        int at = 5;
        while (message.type() == 'P' && frame[at++] != 0) {
            // The name comes first.
        }
        int rest = frame.length - at - text.length;
        return ByteBuffer.allocate(at + other.length + rest)
                .put(frame, 0, at)
                .put(other)
                .put(frame, at + text.length, rest)
                .putInt(1, at + other.length + rest - 1)
                .array();
    }
}
