package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Takes the data of one {@code COPY ... TO STDOUT} off the channel, ahead of the driver, which would drop it. All other messages go on to
 * the driver. While more than 256 kB wait for the subscriber, nothing is read from the socket.
 */
final class CopyReader extends ChannelInboundHandlerAdapter {

    private static final byte COPY_DATA = 'd';
    private static final byte COPY_BEGINS = 'H';
    private static final byte READY = 'Z';
    private static final int HEADER = 5;
    private static final int HIGH = 262_144;
    private static final int LOW = 65_536;

    private final Channel channel;
    private final ChannelHandler before;
    private final Sinks.Many<ByteBuffer> data = Sinks.many().unicast().onBackpressureBuffer();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean unwanted;
    private boolean begun;
    private boolean done;
    private byte type;
    private int headerSeen;
    private int length;
    private int bodyLeft;

    /**
     * Prepares to read.
     *
     * @param before the handler that it stands behind
     */
    CopyReader(Channel channel, ChannelHandler before) {
        this.channel = channel;
        this.before = before;
    }

    /** Takes its place, behind the readers of statements that were sent earlier. On the event loop, before the statement is sent. */
    void attach() {
        channel.pipeline().addAfter(last().name(), null, this);
    }

    /** The last of the readers that stand here. */
    private ChannelHandlerContext last() {
        ChannelPipeline pipeline = channel.pipeline();
        ChannelHandlerContext last = pipeline.context(before);
        for (Map.Entry<String, ChannelHandler> handler : pipeline) {
            if (handler.getValue() instanceof CopyReader) {
                last = pipeline.context(handler.getKey());
            }
        }
        return last;
    }

    /** Emits the data in the pieces in which it came. */
    Flux<ByteBuffer> data() {
        return data.asFlux().doOnNext(piece -> {
            if (waiting.addAndGet(-piece.remaining()) < LOW) {
                channel.config().setAutoRead(true);
            }
        });
    }

    /** Drops what is still to come. */
    void drop() {
        unwanted = true;
        channel.config().setAutoRead(true);
    }

    /** Leaves its place: the statement has ended. */
    void detach() {
        data.tryEmitComplete();
        channel.config().setAutoRead(true);
        if (channel.pipeline().context(this) != null) {
            channel.pipeline().remove(this);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (done || !(message instanceof ByteBuf bytes)) {
            context.fireChannelRead(message);
            return;
        }
        ByteBuf taken = context.alloc().heapBuffer(bytes.readableBytes());
        ByteBuf passed = context.alloc().buffer(HEADER);
        while (bytes.isReadable() && !done) {
            part(bytes, taken, passed);
        }
        emit(taken);
        taken.release();
        // Past the other readers, whose statements have not begun; what follows the end of this one is theirs.
        if (passed.isReadable()) {
            last().fireChannelRead(passed);
        } else {
            passed.release();
        }
        if (bytes.isReadable()) {
            context.fireChannelRead(bytes);
        } else {
            bytes.release();
        }
    }

    /** Reads a part of a message to where it belongs. */
    private void part(ByteBuf bytes, ByteBuf taken, ByteBuf passed) {
        if (headerSeen < HEADER) {
            byte next = bytes.readByte();
            if (headerSeen++ == 0) {
                type = next;
                length = 0;
            } else {
                length = (length << Byte.SIZE) | (next & 0xff);
            }
            if (type != COPY_DATA) {
                passed.writeByte(next);
            }
            if (headerSeen == HEADER) {
                bodyLeft = Math.max(0, length - Integer.BYTES);
            }
        } else {
            int here = Math.min(bodyLeft, bytes.readableBytes());
            (type == COPY_DATA ? taken : passed).writeBytes(bytes, here);
            bodyLeft -= here;
        }
        if (headerSeen == HEADER && bodyLeft == 0) {
            headerSeen = 0;
            begun |= type == COPY_BEGINS;
            done = begun && type == READY;
        }
    }

    private void emit(ByteBuf taken) {
        if (!taken.isReadable() || unwanted) {
            return;
        }
        byte[] piece = new byte[taken.readableBytes()];
        taken.readBytes(piece);
        if (waiting.addAndGet(piece.length) > HIGH) {
            channel.config().setAutoRead(false);
        }
        data.tryEmitNext(ByteBuffer.wrap(piece));
    }
}
