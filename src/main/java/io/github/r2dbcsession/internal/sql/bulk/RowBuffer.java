package io.github.r2dbcsession.internal.sql.bulk;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes in network order, as many as are put in. On the heap, so that what is never sent needs nobody to release it. */
final class RowBuffer {

    private static final int ASCII = 0x80;
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);

    private byte[] bytes;
    private int size;

    RowBuffer(int capacity) {
        this.bytes = new byte[capacity];
    }

    private static VarHandle view(Class<?> array) {
        return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.BIG_ENDIAN);
    }

    int size() {
        return size;
    }

    void putByte(int value) {
        int at = grow(1);
        bytes[at] = (byte) value;
    }

    void putShort(int value) {
        int at = grow(Short.BYTES);
        SHORT.set(bytes, at, (short) value);
    }

    void putInt(int value) {
        int at = grow(Integer.BYTES);
        INT.set(bytes, at, value);
    }

    void putLong(long value) {
        int at = grow(Long.BYTES);
        LONG.set(bytes, at, value);
    }

    void putBytes(byte[] value) {
        int at = grow(value.length);
        System.arraycopy(value, 0, bytes, at, value.length);
    }

    /** Begins a value, whose length goes in front of it; {@link #end} takes what this returns. */
    int begin() {
        return grow(Integer.BYTES);
    }

    void end(int begun) {
        INT.set(bytes, begun, size - begun - Integer.BYTES);
    }

    /** Puts the number where something else has been put. */
    void setInt(int at, int value) {
        INT.set(bytes, at, value);
    }

    /**
     * Puts a text in UTF-8.
     *
     * @throws ArithmeticException when it holds half of a surrogate pair, which is no character
     */
    void putText(String text) {
        int at = grow(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ASCII) {
                size = at + i;
                putOther(text.substring(i));
                return;
            }
            bytes[at + i] = (byte) c;
        }
    }

    private void putOther(String text) {
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (Character.isSupplementaryCodePoint(c)) {
                i++;
            } else if (Character.isSurrogate((char) c)) {
                throw new ArithmeticException();
            }
        }
        putBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Hands out what is in it, and begins anew. */
    ByteBuf take() {
        ByteBuf taken = Unpooled.wrappedBuffer(bytes, 0, size);
        bytes = new byte[bytes.length];
        size = 0;
        return taken;
    }

    private int grow(int by) {
        int at = size;
        int needed = Math.addExact(at, by);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, Math.addExact(bytes.length, bytes.length >> 1)));
        }
        size = needed;
        return at;
    }
}
