package io.github.r2dbcsession.internal.cell;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * The bytes of one cell as the server wrote them, where they are a short text. Valid until the same thread asks a row for its next cell:
 * there is one a thread, so that nothing is made for a cell and nothing of it is kept. Not thread-safe.
 */
public final class Cell {

    private static final int LONGEST = 1_024;
    private static final int UNTOLD = -1;

    private static final FastThreadLocal<Cell> CURRENT = new FastThreadLocal<>() {
        @Override
        protected Cell initialValue() {
            return new Cell();
        }
    };

    private final byte[] bytes = new byte[LONGEST];
    private int length;

    private Cell() {}

    static Cell of(ByteBuf text) {
        Cell cell = CURRENT.get();
        int length = text.readableBytes();
        if (length > LONGEST) {
            cell.length = UNTOLD;
        } else {
            text.getBytes(text.readerIndex(), cell.bytes, 0, length);
            cell.length = length;
        }
        return cell;
    }

    static Cell untold() {
        Cell cell = CURRENT.get();
        cell.length = UNTOLD;
        return cell;
    }

    /** Whether the bytes are here: a text, of at most 1,024 bytes. Others are for the driver to read. */
    public boolean isTold() {
        return length != UNTOLD;
    }

    /** Returns an array that begins with the cell's bytes. */
    public byte[] bytes() {
        return bytes;
    }

    public int length() {
        return length;
    }
}
