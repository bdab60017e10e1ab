package io.github.r2dbcsession.internal.cell;

import java.util.Arrays;

/**
 * A bytea. As text the server writes it in one of two ways: two hexadecimal digits a byte behind {@code \x}, or where {@code bytea_output} is
 * {@code escape} the printable characters as they are, a backslash twice and all others as {@code \} and three octal digits.
 */
public final class Bytea {

    private static final int OTHER = -1;

    private final byte[] bytes;

    Bytea(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns its bytes, not a copy. */
    public byte[] bytes() {
        return bytes;
    }

    /**
     * Reads the text of one.
     *
     * @throws IllegalArgumentException when it is neither
     */
    public static byte[] read(byte[] text) {
        return text.length >= 2 && text[0] == '\\' && text[1] == 'x' ? hexadecimal(text) : escaped(text);
    }

    private static byte[] hexadecimal(byte[] text) {
        byte[] value = new byte[text.length / 2 - 1];
        for (int i = 0; i < value.length; i++) {
            int high = digit(text[2 * i + 2]);
            int low = digit(text[2 * i + 3]);
            require(high != OTHER && low != OTHER);
            value[i] = (byte) (high << 4 | low);
        }
        require(text.length % 2 == 0);
        return value;
    }

    private static int digit(byte letter) {
        if (letter >= '0' && letter <= '9') {
            return letter - '0';
        }
        return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : OTHER;
    }

    private static byte[] escaped(byte[] text) {
        byte[] value = new byte[text.length];
        int length = 0;
        for (int at = 0; at < text.length; length++) {
            if (text[at] != '\\') {
                require(text[at] >= ' ');
                value[length] = text[at++];
            } else if (at + 1 < text.length && text[at + 1] == '\\') {
                value[length] = '\\';
                at += 2;
            } else {
                value[length] = octal(text, at + 1);
                at += 4;
            }
        }
        return Arrays.copyOf(value, length);
    }

    private static byte octal(byte[] text, int at) {
        require(at + 3 <= text.length);
        int value = 0;
        for (int i = at; i < at + 3; i++) {
            require(text[i] >= '0' && text[i] <= '7');
            value = value << 3 | (text[i] - '0');
        }
        require(value <= 0xff);
        return (byte) value;
    }

    private static void require(boolean as) {
        if (!as) {
            throw new IllegalArgumentException("it is not a bytea");
        }
    }
}
