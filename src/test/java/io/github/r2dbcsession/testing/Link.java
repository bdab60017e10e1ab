package io.github.r2dbcsession.testing;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;

/** One connection through a {@link ProtocolProxy}: two threads that pass whole messages on. */
final class Link {

    private static final int CANCEL_REQUEST = 80877102;
    private static final int SSL_REQUEST = 80877103;
    private static final int GSS_REQUEST = 80877104;

    private final ProtocolProxy proxy;
    private final Socket client;
    private final Socket server;
    private volatile boolean encryptionAsked;
    private volatile boolean cut;
    private volatile int pid;

    Link(ProtocolProxy proxy, Socket client, Socket server) {
        this.proxy = proxy;
        this.client = client;
        this.server = server;
    }

    /** Passes on what the client sends, until one side closes. */
    void toServer() throws IOException {
        Half half = new Half(client, server, proxy.toServer());
        half.opening();
        RoundTrips asked = new RoundTrips(proxy);
        while (true) {
            byte type = half.in.readByte();
            byte[] frame = half.frame(type);
            asked.sent(frame);
            half.pass(proxy.rewritten(frame), true);
        }
    }

    /** Passes on what the server sends, until one side closes. A client whose connection is broken does not see the server's end. */
    void toClient() {
        try {
            Half half = new Half(server, client, proxy.toClient());
            while (true) {
                byte type = half.first();
                if (encryptionAsked) {
                    encryptionAsked = false;
                    half.write(new byte[] {type}, 1);
                } else {
                    byte[] frame = half.frame(type);
                    if (type == 'K') {
                        pid = ByteBuffer.wrap(frame).getInt(5);
                    }
                    half.pass(frame, false);
                }
            }
        } catch (IOException e) {
            serverHasEnded();
        }
    }

    private synchronized void serverHasEnded() {
        try {
            if (!cut) {
                client.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void spring(Trap trap, Half half, byte[] frame) throws IOException {
        trap.before().accept(pid);
        half.write(frame, Math.min(trap.passed(), frame.length));
        trap.after().accept(pid);
        cut(trap.fault());
    }

    /** Breaks the connection. */
    void cut(Fault fault) throws IOException {
        cut = true;
        switch (fault) {
            case RESET -> {
                client.setSoLinger(true, 0);
                client.close();
                server.close();
            }
            case HALF_CLOSE -> client.shutdownOutput();
            case BLACK_HOLE -> {
                // Whatever comes from now on is read and dropped, until the client gives up.
            }
        }
    }

    /** One direction. */
    private final class Half {

        private final DataInputStream in;
        private final Socket to;
        private final Flow flow;
        private final long limit;
        private long passed;

        Half(Socket from, Socket to, Flow flow) throws IOException {
            this.in = new DataInputStream(new BufferedInputStream(from.getInputStream()));
            this.to = to;
            this.flow = flow;
            this.limit = flow.limit();
        }

        /** Passes on what comes before the first typed message. */
        void opening() throws IOException {
            int code;
            do {
                int length = in.readInt();
                byte[] request = ByteBuffer.allocate(length).putInt(length).array();
                in.readFully(request, 4, length - 4);
                code = ByteBuffer.wrap(request).getInt(4);
                if (code == CANCEL_REQUEST) {
                    proxy.record("cancel");
                }
                encryptionAsked = code == SSL_REQUEST || code == GSS_REQUEST;
                write(request, length);
            } while (code == SSL_REQUEST || code == GSS_REQUEST);
        }

        /** Reads the first byte of a message; those that arrive together are held back together. */
        byte first() throws IOException {
            boolean waited = in.available() == 0;
            byte type = in.readByte();
            if (waited) {
                flow.awaitLatency();
            }
            return type;
        }

        byte[] frame(byte type) throws IOException {
            int length = in.readInt();
            byte[] frame =
                    ByteBuffer.allocate(1 + length).put(type).putInt(length).array();
            in.readFully(frame, 5, length - 4);
            return frame;
        }

        void pass(byte[] frame, boolean fromClient) throws IOException {
            Trap trap = proxy.take(Message.of(fromClient, frame));
            if (trap == null) {
                write(frame, frame.length);
            } else {
                spring(trap, this, frame);
                proxy.sprung();
            }
        }

        void write(byte[] bytes, int length) throws IOException {
            flow.awaitResume();
            if (cut) {
                return;
            }
            int allowed = (int) Math.min(length, limit - passed);
            flow.write(to.getOutputStream(), bytes, allowed);
            passed += allowed;
            if (passed >= limit) {
                cut(flow.atLimit());
            }
        }
    }
}
