package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Takes the data of one {@code COPY ... TO STDOUT} off the channel, ahead of the driver, which would drop it. All other messages go on to
 * the driver. While more than 256 kB wait for the subscriber, nothing is read from the socket.
 */
final class CopyReader extends ChannelInboundHandlerAdapter {

    private static final byte COPY_DATA = 'd';
    private static final byte COPY_DONE = 'c';
    private static final byte READY = 'Z';
    private static final int HEADER = 5;
    private static final int HIGH = 262_144;
    private static final int LOW = 65_536;

    private final Channel channel;
    private final ChannelHandler before;
    private final Sinks.Many<ByteBuffer> data = Sinks.many().unicast().onBackpressureBuffer();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean unwanted;
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

    /** Takes its place. On the event loop, before the statement is sent. */
    void attach() {
        channel.pipeline().addAfter(channel.pipeline().context(before).name(), null, this);
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
        try {
            while (bytes.isReadable()) {
                part(bytes, taken, passed);
            }
            emit(taken);
        } finally {
            taken.release();
            bytes.release();
        }
        if (passed.isReadable()) {
            context.fireChannelRead(passed);
        } else {
            passed.release();
        }
    }

    /** Reads a part of a message to where it belongs. */
    private void part(ByteBuf bytes, ByteBuf taken, ByteBuf passed) {
        if (done) {
            passed.writeBytes(bytes);
        } else if (headerSeen < HEADER) {
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
            bytes.readBytes(type == COPY_DATA ? taken : passed, here);
            bodyLeft -= here;
        }
        if (headerSeen == HEADER && bodyLeft == 0) {
            headerSeen = 0;
            done |= type == COPY_DONE || type == READY;
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
