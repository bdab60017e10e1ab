package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Watches one channel of the driver and knows what the driver's API hides: how far a login has come, how many answers are still owed,
 * the transaction status that came with the last ReadyForQuery, and the tag of the last command.
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

    @Override
    public void channelInactive(ChannelHandlerContext context) {
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
        if (type == 'Q' || type == 'S' || type == 'F') {
            state = state.asked();
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
        Runnable callback = onReady;
        if (callback != null) {
            callback.run();
        }
    }
}
