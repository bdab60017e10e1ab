package io.github.r2dbcsession.config;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Percent escapes of UTF-8 bytes. */
final class Percent {

    private static final String UNRESERVED = "-._~";

    private Percent() {}

    /** Decodes a text in which every {@code %} must start an escape. */
    static String decode(String text, String part) {
        return decode(text, part, false);
    }

    /** Decodes a text in which a {@code %} that starts no escape is itself. */
    static String decodeLeniently(String text, String part) {
        return decode(text, part, true);
    }

    private static String decode(String text, String part, boolean lenient) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < raw.length; i++) {
            int escaped = raw[i] == '%' && i + 2 < raw.length ? byteOf(raw[i + 1], raw[i + 2]) : -1;
            if (raw[i] != '%' || (escaped < 0 && lenient)) {
                bytes.write(raw[i]);
            } else if (escaped < 0) {
                throw new InvalidConnectionStringException(
                        part, "a % must start an escape of two hex digits; write it as %25");
            } else if (escaped == 0) {
                throw new InvalidConnectionStringException(part, "must not have %00");
            } else {
                bytes.write(escaped);
                i += 2;
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            throw new InvalidConnectionStringException(part, "its escapes must be UTF-8");
        }
    }

    private static int byteOf(byte high, byte low) {
        int highDigit = Character.digit(high, 16);
        int lowDigit = Character.digit(low, 16);
        return highDigit < 0 || lowDigit < 0 ? -1 : highDigit * 16 + lowDigit;
    }

    /** Escapes everything but letters, digits and {@code - . _ ~}. */
    static String encode(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (isUnreserved(b)) {
                encoded.append((char) b);
            } else {
                encoded.append('%')
                        .append(Character.toUpperCase(Character.forDigit((b >> 4) & 0xF, 16)))
                        .append(Character.toUpperCase(Character.forDigit(b & 0xF, 16)));
            }
        }
        return encoded.toString();
    }

    private static boolean isUnreserved(byte b) {
        return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || UNRESERVED.indexOf(b) >= 0;
    }

    /** Whether a text can be written as UTF-8. */
    static boolean isUnicode(String text) {
        try {
            StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            return true;
        } catch (CharacterCodingException loneSurrogate) {
            return false;
        }
    }
}
