package io.github.r2dbcsession.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A server that speaks PostgreSQL's protocol as badly as a script tells it to, and records every message it was sent. Blocking, on
 * threads of its own.
 */
public final class ScriptedServer implements AutoCloseable {

    /** What the server does with one connection. */
    @FunctionalInterface
    public interface Script {
        void run(Peer client) throws IOException;
    }

    private final Script script;
    private final List<String> received = new CopyOnWriteArrayList<>();
    private final SocketServer server;

    private ScriptedServer(Script script) {
        this.script = script;
        this.server = new SocketServer("scripted-server", this::serve);
    }

    /** Starts a server; the script runs once a connection, after which the server only reads. */
    public static ScriptedServer running(Script script) {
        return new ScriptedServer(script);
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

    /** Returns the messages of all connections, decrypted, each byte one character. */
    public List<String> received() {
        return List.copyOf(received);
    }

    /** Returns those that answer a demand for authentication. */
    public List<String> answers() {
        return received.stream().filter(message -> message.startsWith("p")).toList();
    }

    @Override
    public void close() {
        server.close();
    }

    private void serve(Socket socket) throws IOException {
        Peer client = new Peer(socket);
        script.run(client);
        while (true) {
            client.message();
        }
    }

    /** Returns an authentication request. */
    public static byte[] authentication(int code, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(9 + bytes.length)
                .put((byte) 'R')
                .putInt(8 + bytes.length)
                .putInt(code)
                .put(bytes)
                .array();
    }

    /** Returns an error response. */
    public static byte[] error(String sqlState, String text) {
        byte[] fields = ("SFATAL\0VFATAL\0C" + sqlState + "\0M" + text + "\0\0").getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(5 + fields.length)
                .put((byte) 'E')
                .putInt(4 + fields.length)
                .put(fields)
                .array();
    }

    /** The client of one connection. */
    public final class Peer {

        private Socket socket;
        private DataInputStream in;

        private Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
        }

        /** Reads a request for TLS, a startup message or a cancel request, none of which has a type, and records it. */
        public String opening() throws IOException {
            int length = in.readInt();
            return record("", length);
        }

        /** Reads a message and records it. */
        public String message() throws IOException {
            String type = Character.toString(in.readByte());
            return record(type, in.readInt());
        }

        private String record(String type, int length) throws IOException {
            byte[] body = in.readNBytes(length - 4);
            String message = type + new String(body, StandardCharsets.ISO_8859_1);
            received.add(message);
            return message;
        }

        /** Waits for the next byte, which is lost. */
        public void awaitByte() throws IOException {
            in.readByte();
        }

        /** Sends bytes, in one piece. */
        public void send(byte[]... parts) throws IOException {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (byte[] part : parts) {
                all.write(part);
            }
            socket.getOutputStream().write(all.toByteArray());
            socket.getOutputStream().flush();
        }

        /** Sends characters. */
        public void send(String characters) throws IOException {
            send(characters.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Reads a request for TLS, grants it, and goes on inside TLS. */
        public void acceptTls(SSLContext context, String... protocols) throws IOException {
            opening();
            send("S");
            SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, "", 0, true);
            tls.setUseClientMode(false);
            if (protocols.length > 0) {
                tls.setEnabledProtocols(protocols);
            }
            tls.startHandshake();
            socket = tls;
            in = new DataInputStream(tls.getInputStream());
        }

        /** Begins SCRAM, and returns the nonce of the client. */
        public String beginScram(String mechanisms) throws IOException {
            send(authentication(10, mechanisms.replace(',', '\0') + "\0\0"));
            String first = message();
            return first.substring(first.indexOf("r=") + 2);
        }

        /** Hangs up. */
        public void hangUp() throws IOException {
            socket.close();
        }
    }
}
