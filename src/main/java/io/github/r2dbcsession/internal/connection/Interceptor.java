package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends messages of our own between those of the driver, and keeps the answers from it. One answer of ours is under way at a time.
 *
 * <p>It stands between {@link Wire} and the driver, so the wire counts what is sent from here like everything else. To be used on the
 * channel's event loop only.
 */
final class Interceptor extends ChannelDuplexHandler {

    /** What the server answers to us. */
    interface Reply {

        /** Whether the driver is not to see the message that begins; asked once for each. */
        boolean keeps(byte type);

        /**
         * A message has passed, kept or not.
         *
         * @param head the first bytes of its body; only valid during the call
         * @return whether the answer has ended; {@link #end()} follows
         */
        boolean seen(byte type, byte[] head, int length);

        /** The answer has ended. */
        void end();

        /** The channel has closed before that. */
        void lost();
    }

    private static final byte QUERY = 'Q';
    private static final byte PARSE = 'P';
    private static final byte BIND = 'B';

    private final FrameScanner wire;
    private final FrameScanner scanner = new FrameScanner(this::seen);
    private @Nullable ChannelHandlerContext own;
    private @Nullable Lead armed;
    private @Nullable Reply reply;
    private boolean answered;
    private boolean filtering;
    private boolean keeping;

    /**
     * Prepares to speak.
     *
     * @param wire where what the server sends has come to, when a chunk of it gets here
     */
    Interceptor(FrameScanner wire) {
        this.wire = wire;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        own = context;
    }

    /** Has that precede the statement that the driver sends next, in the same write. */
    void arm(Lead lead) {
        armed = lead;
    }

    /** Takes that back where it has not been sent. */
    void disarm(Lead lead) {
        if (armed == lead) {
            armed = null;
        }
    }

    /** Sends messages of our own now; false where the channel is closed. */
    boolean send(Consumer<ByteBuf> messages, Reply expected) {
        ChannelHandlerContext context = own;
        if (context == null || !context.channel().isActive()) {
            return false;
        }
        expect(expected);
        write(context, messages);
        context.flush();
        return true;
    }

    /** Keeps the next query of the driver off the wire: the server has been asked already, and the driver is to read the answer. */
    void answerFromWire() {
        answered = true;
    }

    private void expect(Reply expected) {
        if (!filtering) {
            scanner.follow(wire);
            keeping = false;
        }
        reply = expected;
    }

    private static void write(ChannelHandlerContext context, Consumer<ByteBuf> messages) {
        ByteBuf bytes = context.alloc().ioBuffer();
        messages.accept(bytes);
        context.write(bytes);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if ((armed == null && !answered) || !(message instanceof ByteBuf bytes) || !bytes.isReadable()) {
            context.write(message, promise);
            return;
        }
        byte type = bytes.getByte(bytes.readerIndex());
        Lead lead = armed;
        if (answered && type == QUERY) {
            answered = false;
            bytes.release();
            promise.trySuccess();
        } else if (lead != null && (type == PARSE || type == BIND)) {
            armed = null;
            expect(lead);
            lead.sent();
            write(context, lead::writeTo);
            context.write(message, promise);
        } else if (lead != null && type == QUERY) {
            // The server would not answer it where what goes ahead of it has failed.
            bytes.release();
            promise.tryFailure(new IllegalStateException("a simple query cannot follow without an answer"));
            context.close();
        } else {
            context.write(message, promise);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (reply == null || !(message instanceof ByteBuf bytes)) {
            context.fireChannelRead(message);
            return;
        }
        int end = bytes.writerIndex();
        int from = bytes.readerIndex();
        int index = from;
        filtering = true;
        while (index < end && reply != null) {
            if (scanner.isBetween()) {
                boolean kept = reply.keeps(bytes.getByte(index));
                if (kept && from < index) {
                    context.fireChannelRead(bytes.retainedSlice(from, index - from));
                    from = index;
                }
                keeping = kept;
            }
            index = scanner.step(bytes, index, end);
            if (keeping) {
                from = index;
            }
        }
        filtering = false;
        if (from < end) {
            context.fireChannelRead(bytes.readerIndex(from));
        } else {
            ReferenceCountUtil.release(bytes);
        }
    }

    private void seen(byte type, byte[] head, int length) {
        Reply current = reply;
        if (current != null && current.seen(type, head, length)) {
            reply = null;
            current.end();
        }
    }

    /** Leaves the rest of the answer to the driver. */
    void leaveToDriver() {
        reply = null;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        Reply current = reply;
        reply = null;
        armed = null;
        context.fireChannelInactive();
        if (current != null) {
            current.lost();
        }
    }
}
