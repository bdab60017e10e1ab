package io.github.r2dbcsession.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a client and the test database and notes the text of every statement that goes by, in order: each entry is one
 * round trip. Plain TCP only. Blocking, on threads of its own.
 */
public final class RecordingProxy implements AutoCloseable {

    private static final int CANCEL_REQUEST = 80877102;

    private final TestDatabase database;
    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<String> statements = new CopyOnWriteArrayList<>();

    private volatile UnaryOperator<String> rewriting = UnaryOperator.identity();

    /** Starts the proxy. */
    public RecordingProxy(TestDatabase database) {
        this.database = database;
        try {
            this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start("accept", this::accept);
    }

    /** Returns {@link TestDatabase#url(Class)} with this proxy in the server's place. */
    public String url(Class<?> test) {
        return database.url(test)
                        .replace("@" + database.host() + ":" + database.port(), "@127.0.0.1:" + listener.getLocalPort())
                + "&sslmode=disable";
    }

    /** Returns what has been sent since the last call, {@code cancel} for a cancel request. */
    public List<String> statements() {
        List<String> sent = List.copyOf(statements);
        statements.clear();
        return sent;
    }

    /** Passes other texts on to the server than simple queries had, from now on. */
    public void rewrite(UnaryOperator<String> newRewriting) {
        rewriting = newRewriting;
    }

    /** Closes the connections that are open, as a network that breaks. */
    public void cut() {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        sockets.clear();
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
                Socket server = new Socket(database.host(), database.port());
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(server);
                start("to-server", () -> toServer(client, server));
                start("to-client", () -> toClient(server, client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void toServer(Socket client, Socket server) {
        try (client;
                server) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            OutputStream out = server.getOutputStream();
            byte[] startup = frame(in, null);
            if (ByteBuffer.wrap(startup).getInt(4) == CANCEL_REQUEST) {
                statements.add("cancel");
            }
            out.write(startup);
            while (true) {
                byte type = in.readByte();
                byte[] frame = record((char) type, frame(in, type));
                out.write(frame);
                out.flush();
            }
        } catch (IOException e) {
            // One side has closed, and so the other is closed.
        }
    }

    /** Notes the frame's statement, and returns the frame to pass on. */
    private byte[] record(char type, byte[] frame) {
        String text = new String(frame, 5, frame.length - 5, StandardCharsets.UTF_8);
        if (type == 'Q') {
            String query = text.substring(0, text.indexOf('\0'));
            statements.add(query);
            byte[] passedOn = (rewriting.apply(query) + '\0').getBytes(StandardCharsets.UTF_8);
            return ByteBuffer.allocate(5 + passedOn.length)
                    .put((byte) 'Q')
                    .putInt(4 + passedOn.length)
                    .put(passedOn)
                    .array();
        }
        if (type == 'P') {
            String query = text.substring(text.indexOf('\0') + 1);
            statements.add(query.substring(0, query.indexOf('\0')));
        }
        return frame;
    }

    private static byte[] frame(DataInputStream in, @Nullable Byte type) throws IOException {
        int length = in.readInt();
        int head = type == null ? 0 : 1;
        byte[] frame = new byte[head + length];
        if (type != null) {
            frame[0] = type;
        }
        ByteBuffer.wrap(frame).putInt(head, length);
        in.readFully(frame, head + 4, length - 4);
        return frame;
    }

    private static void toClient(Socket server, Socket client) {
        try (server;
                client) {
            server.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException e) {
            // One side has closed, and so the other is closed.
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, "recording-proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }
}
