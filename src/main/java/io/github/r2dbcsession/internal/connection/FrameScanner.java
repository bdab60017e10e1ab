package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;

/**
 * Finds the messages of the PostgreSQL protocol in a stream of chunks, without copying or consuming them. Not thread-safe.
 *
 * <p>A message is a type byte, a length of four bytes that counts itself, and a body (PostgreSQL documentation, 54.7). Of a body only
 * its first bytes are kept, which is all that a status, a command tag, or the severity and the code of an error need.
 */
final class FrameScanner {

    /** Is told of each message when all of it has been seen. */
    interface Sink {

        /**
         * A message has passed.
         *
         * @param type its type byte
         * @param head the first bytes of its body; only valid during the call
         * @param length how many of them there are
         */
        void message(byte type, byte[] head, int length);
    }

    static final int HEAD = 16;
    static final int ERROR_HEAD = 64;

    private static final int HEADER = 5;

    private final Sink sink;
    private final byte[] head = new byte[ERROR_HEAD];
    private int headerSeen;
    private byte type;
    private int length;
    private int headSeen;
    private int bodyLeft;

    FrameScanner(Sink sink) {
        this.sink = sink;
    }

    /** Scans what is readable in the chunk; its indexes stay as they are. */
    void scan(ByteBuf chunk) {
        int index = chunk.readerIndex();
        int end = chunk.writerIndex();
        while (index < end) {
            index = step(chunk, index, end);
        }
    }

    /** Scans on from an index, up to the end of the message that this is in or before; returns where it has come to. */
    int step(ByteBuf chunk, int index, int end) {
        return headerSeen < HEADER ? header(chunk, index, end) : body(chunk, index, end);
    }

    /** Whether the next byte begins a message. */
    boolean isBetween() {
        return headerSeen == 0;
    }

    /** Goes on where another scanner of the same stream stands. */
    void follow(FrameScanner other) {
        headerSeen = other.headerSeen;
        type = other.type;
        length = other.length;
        bodyLeft = other.bodyLeft;
        headSeen = other.headSeen;
        System.arraycopy(other.head, 0, head, 0, headSeen);
    }

    private int header(ByteBuf chunk, int from, int end) {
        int index = from;
        if (headerSeen == 0 && end - index >= HEADER) {
            type = chunk.getByte(index);
            length = chunk.getInt(index + 1);
            headerSeen = HEADER;
            index += HEADER;
        } else {
            byte next = chunk.getByte(index++);
            if (headerSeen == 0) {
                type = next;
                length = 0;
            } else {
                length = (length << 8) | (next & 0xff);
            }
            headerSeen++;
        }
        if (headerSeen == HEADER) {
            bodyLeft = Math.max(0, length - 4);
            headSeen = 0;
            if (bodyLeft == 0) {
                finish();
            }
        }
        return index;
    }

    private int body(ByteBuf chunk, int index, int end) {
        int here = Math.min(bodyLeft, end - index);
        int keep = Math.min(here, (type == 'E' || type == 'N' ? ERROR_HEAD : HEAD) - headSeen);
        if (keep > 0) {
            chunk.getBytes(index, head, headSeen, keep);
            headSeen += keep;
        }
        bodyLeft -= here;
        if (bodyLeft == 0) {
            finish();
        }
        return index + here;
    }

    private void finish() {
        headerSeen = 0;
        sink.message(type, head, headSeen);
    }
}
