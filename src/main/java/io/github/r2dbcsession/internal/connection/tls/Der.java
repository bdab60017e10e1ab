package io.github.r2dbcsession.internal.connection.tls;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One element of DER, as far as private keys need it. */
final class Der {

    static final int INTEGER = 0x02;
    static final int OCTET_STRING = 0x04;
    static final int OID = 0x06;
    static final int SEQUENCE = 0x30;

    private static final int LONG_FORM = 0x80;

    private final int tag;
    private final byte[] encoded;
    private final byte[] content;

    private Der(int tag, byte[] encoded, byte[] content) {
        this.tag = tag;
        this.encoded = encoded;
        this.content = content;
    }

    /** Its first byte. */
    int tag() {
        return tag;
    }

    /** All of it. */
    byte[] encoded() {
        return encoded;
    }

    /** What is inside. */
    byte[] content() {
        return content;
    }

    /**
     * Reads the elements that follow each other.
     *
     * @throws IllegalArgumentException when they are not DER
     */
    static List<Der> read(byte[] bytes) {
        List<Der> elements = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int start = at;
            int tag = bytes[at++] & 0xff;
            int length = at < bytes.length ? bytes[at++] & 0xff : -1;
            if (length > LONG_FORM && length <= LONG_FORM + 3) {
                int size = length - LONG_FORM;
                length = 0;
                while (size-- > 0 && at < bytes.length) {
                    length = (length << 8) | (bytes[at++] & 0xff);
                }
            }
            if (length < 0 || length > bytes.length - at) {
                throw new IllegalArgumentException("not DER");
            }
            elements.add(new Der(
                    tag, Arrays.copyOfRange(bytes, start, at + length), Arrays.copyOfRange(bytes, at, at + length)));
            at += length;
        }
        return elements;
    }

    /** Returns an encoded element with these parts, each encoded already, one after the other. */
    static byte[] write(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        int length = content.size();
        if (length < LONG_FORM) {
            element.write(length);
        } else {
            int size = length < 1 << 8 ? 1 : length < 1 << 16 ? 2 : 3;
            element.write(LONG_FORM + size);
            for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
                element.write(length >>> shift);
            }
        }
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }
}
