package io.github.r2dbcsession.internal.connection;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Why the server has ended a connection, or is about to. Immutable.
 *
 * @param sqlState what the server said, 08006 when the connection broke without a word
 * @param wholeServer whether it speaks against every connection made to the server before, as the server shuts down or has crashed;
 *     else against this one only, which was idle, in a transaction or alive for too long
 */
public record Condemnation(String sqlState, boolean wholeServer) {

    static final Condemnation BROKEN = new Condemnation("08006", true);

    private static final byte[] FATAL = bytes("FATAL\0");
    private static final byte[] PANIC = bytes("PANIC\0");
    private static final byte[] WARNING = bytes("WARNING\0");
    private static final byte[] ADMIN_SHUTDOWN = bytes("57P01\0");
    private static final byte[] CRASH_SHUTDOWN = bytes("57P02\0");
    private static final byte[] CANNOT_CONNECT_NOW = bytes("57P03\0");
    private static final byte[] READ_ONLY = bytes("25006\0");
    private static final byte[] UNKNOWN_STATEMENT = bytes("26000\0");

    /**
     * Reads an ErrorResponse or a NoticeResponse (PostgreSQL documentation, 54.8). Allocates only when it returns something.
     *
     * <p>The severity decides: what is no worse than ERROR has left the session alive, whatever its code. An immediate shutdown and the
     * crash of another backend are told in a warning.
     *
     * @param head the first bytes of the message
     * @param length how many of them there are
     */
    static @Nullable Condemnation read(byte[] head, int length) {
        int severity = field('V', head, length);
        if (severity < 0) {
            severity = field('S', head, length);
        }
        int code = field('C', head, length);
        if (severity < 0 || code < 0) {
            return null;
        }
        boolean panic = is(PANIC, head, severity, length);
        boolean down = is(ADMIN_SHUTDOWN, head, code, length) || is(CRASH_SHUTDOWN, head, code, length);
        boolean ends = panic || is(FATAL, head, severity, length) || (down && is(WARNING, head, severity, length));
        return ends
                ? new Condemnation(
                        text(head, code, length), panic || down || is(CANNOT_CONNECT_NOW, head, code, length))
                : null;
    }

    /** Whether an ErrorResponse says that a read-only transaction was to write. */
    static boolean isReadOnly(byte[] head, int length) {
        int code = field('C', head, length);
        return code >= 0 && is(READ_ONLY, head, code, length);
    }

    /** Whether an ErrorResponse says that a prepared statement is unknown. The driver then sends its statement once more by itself. */
    static boolean isUnknownStatement(byte[] head, int length) {
        int code = field('C', head, length);
        return code >= 0 && is(UNKNOWN_STATEMENT, head, code, length);
    }

    /** Where the text of a field begins, -1 when there is none. */
    private static int field(char type, byte[] head, int length) {
        int index = 0;
        while (index < length && head[index] != 0) {
            if (head[index] == type) {
                return index + 1;
            }
            while (index < length && head[index] != 0) {
                index++;
            }
            index++;
        }
        return -1;
    }

    private static boolean is(byte[] text, byte[] head, int from, int length) {
        return from + text.length <= length && Arrays.equals(head, from, from + text.length, text, 0, text.length);
    }

    private static String text(byte[] head, int from, int length) {
        int end = from;
        while (end < length && head[end] != 0) {
            end++;
        }
        String code = new String(head, from, end - from, StandardCharsets.ISO_8859_1);
        return code.matches("[0-9A-Z]{5}") ? code : "XX000";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
