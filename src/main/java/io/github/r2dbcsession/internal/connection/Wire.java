package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Watches one channel of the driver and knows what the driver's API hides: how far a login has come, how many answers are still owed,
 * the transaction status that came with the last ReadyForQuery, the tag of the last command, and what the server says before it ends the
 * connection.
 *
 * <p>It stands behind {@link TlsHandler}, so it reads plain protocol messages, from the startup message on. The figures are written on
 * the channel's event loop and may be read from any thread.
 */
final class Wire extends ChannelDuplexHandler {

    /** What a channel was opened for, as its first message says. */
    enum Purpose {
        UNKNOWN,
        SESSION,
        CANCEL
    }

    private static final int CANCEL_REQUEST = 80877102;
    private static final byte[] COMMIT = "COMMIT\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ROLLBACK = "ROLLBACK\0".getBytes(StandardCharsets.US_ASCII);

    private final FrameScanner toServer = new FrameScanner(this::sent);
    private final FrameScanner fromServer = new FrameScanner(this::received);
    private volatile Purpose purpose = Purpose.UNKNOWN;
    private volatile ConnectPhase phase = ConnectPhase.CONNECT;
    private volatile WireState state = WireState.START;
    private volatile @Nullable Runnable onReady;
    private volatile @Nullable Runnable atNextReady;

    /** Whether rows were asked for without a Sync, to which alone a ReadyForQuery comes. */
    private volatile boolean executing;

    private final Sinks.One<Condemnation> condemned = Sinks.one();
    private volatile @Nullable Condemnation condemnation;
    private volatile boolean readOnly;
    private volatile boolean leaving;
    private volatile int backendPid;

    /** The server process, as BackendKeyData told it; 0 before. */
    int backendPid() {
        return backendPid;
    }

    Purpose purpose() {
        return purpose;
    }

    ConnectPhase phase() {
        return phase;
    }

    WireState state() {
        return state;
    }

    /** Why the server ends the connection, null while it does not. */
    @Nullable
    Condemnation condemnation() {
        return condemnation;
    }

    /** Emits that once it is known; completes empty when the connection was ended from here. */
    Mono<Condemnation> condemned() {
        return condemned.asMono();
    }

    /** Whether a statement failed because the transaction was read-only. */
    boolean wasReadOnly() {
        return readOnly;
    }

    /** Notes that the channel is closed from here: that is nothing to hold against the server. */
    void leave() {
        leaving = true;
    }

    /** Where what the server sends has come to. */
    FrameScanner fromServer() {
        return fromServer;
    }

    /** Whether the server has answered all it was asked. */
    boolean isQuiet() {
        return !executing && state.owed() == 0;
    }

    /** Calls back once, at the next ReadyForQuery or when the channel closes; to be called on the event loop. */
    void atNextReady(Runnable callback) {
        atNextReady = callback;
    }

    /** Calls back on the event loop at each ReadyForQuery and when the channel closes; null stops that. */
    void onReady(@Nullable Runnable callback) {
        onReady = callback;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        phase = ConnectPhase.LOGIN;
        context.fireChannelActive();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            if (purpose == Purpose.SESSION) {
                toServer.scan(bytes);
            } else if (bytes.readableBytes() >= 8) {
                opening(bytes.getInt(bytes.readerIndex() + 4));
            }
        }
        context.write(message, promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf bytes && purpose == Purpose.SESSION) {
            fromServer.scan(bytes);
        }
        context.fireChannelRead(message);
    }

    /** A reset is told to the driver, and by it to the caller, before the channel closes: whoever goes on then has to know. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // After an error of TLS the socket may still carry what is sent.
        if (cause instanceof IOException && !(cause instanceof SSLException) && !leaving) {
            condemn(Condemnation.BROKEN);
        }
        context.fireExceptionCaught(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (!leaving) {
            condemn(Condemnation.BROKEN);
        }
        condemned.tryEmitEmpty();
        ready();
        context.fireChannelInactive();
    }

    private void opening(int code) {
        if (code == CANCEL_REQUEST) {
            purpose = Purpose.CANCEL;
        } else {
            purpose = Purpose.SESSION;
            phase = ConnectPhase.LOGIN;
            state = state.asked();
        }
    }

    private void sent(byte type, byte[] head, int length) {
        if (type == 'E') {
            executing = true;
        } else if (type == 'Q' || type == 'S' || type == 'F') {
            executing = false;
            state = state.asked();
        } else if (type == 'X') {
            leaving = true;
        }
    }

    private void received(byte type, byte[] head, int length) {
        if (type == 'Z') {
            state = state.answered(length > 0 ? (char) head[0] : '?');
            ready();
        } else if (type == 'C') {
            state = state.tagged(tag(head, length));
        } else if (type == 'K' && length >= Integer.BYTES) {
            backendPid = ByteBuffer.wrap(head).getInt();
        } else if (type == 'E' || type == 'N') {
            told(type, head, length);
        }
    }

    private void told(byte type, byte[] head, int length) {
        Condemnation end = Condemnation.read(head, length);
        if (end != null) {
            condemn(end);
            ready();
        } else if (type == 'E' && Condemnation.isReadOnly(head, length)) {
            readOnly = true;
        }
    }

    private void condemn(Condemnation end) {
        if (condemnation == null) {
            condemnation = end;
            condemned.tryEmitValue(end);
        }
    }

    private static WireState.Tag tag(byte[] head, int length) {
        if (startsWith(head, length, COMMIT)) {
            return WireState.Tag.COMMIT;
        }
        return startsWith(head, length, ROLLBACK) ? WireState.Tag.ROLLBACK : WireState.Tag.OTHER;
    }

    private static boolean startsWith(byte[] head, int length, byte[] word) {
        return length >= word.length && Arrays.equals(head, 0, word.length, word, 0, word.length);
    }

    private void ready() {
        Runnable once = atNextReady;
        if (once != null) {
            atNextReady = null;
            once.run();
        }
        Runnable callback = onReady;
        if (callback != null) {
            callback.run();
        }
    }
}
