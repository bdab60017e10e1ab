package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.Vector;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Period;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What PostgreSQL reads a value from: for the values, and the parts of values, that the driver does not write. */
public final class TextForm {

    private TextForm() {}

    /**
     * Does it for a value that a message has a name for.
     *
     * @throws StatementException when there is no such text; the message shows nothing of the value
     */
    public static @Nullable String of(String name, @Nullable Object value) {
        try {
            return of(value);
        } catch (Conversion.Failure e) {
            throw new StatementException(name + ": " + e.reason());
        }
    }

    /** Returns null for null and for an empty Optional. */
    static @Nullable String of(@Nullable Object value) {
        if (value == null) {
            return null;
        } else if (value instanceof String text) {
            return checked(text);
        } else if (value instanceof Optional<?> optional) {
            return of(optional.orElse(null));
        } else if (value instanceof BigDecimal || isPlain(value)) {
            return value.toString();
        } else if (value instanceof Enum<?> constant) {
            return constant.name();
        } else if (value instanceof Temporal temporal) {
            return TemporalText.of(temporal);
        } else if (value instanceof Range<?> range) {
            return RangeType.text(range);
        } else if (value instanceof Json json) {
            return checked(JsonCodecs.write(json));
        } else if (value instanceof Record composite) {
            return '(' + FieldText.join(fields(composite)) + ')';
        } else if (value instanceof InetAddress address) {
            return address.getHostAddress();
        } else if (value instanceof byte[] bytes) {
            return "\\x" + HexFormat.of().formatHex(bytes);
        } else if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return of(bytes);
        } else if (value instanceof Collection<?> values) {
            return array(values);
        } else if (value.getClass().isArray()) {
            return array(elements(value));
        }
        throw new Conversion.Failure(
                "PostgreSQL has no type for " + value.getClass().getTypeName());
    }

    /**
     * Returns the text, in which nothing is that PostgreSQL cannot store. The driver would send a question mark for half of a surrogate
     * pair.
     */
    static String checked(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\0') {
                throw new Conversion.Failure("it holds the character NUL, which PostgreSQL's text cannot");
            } else if (Character.isSurrogate(c)) {
                boolean pair = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    throw new Conversion.Failure("it holds half of a surrogate pair, which is no character");
                }
                i++;
            }
        }
        return text;
    }

    private static boolean isPlain(Object value) {
        return value instanceof Number
                || value instanceof Boolean
                || value instanceof Character
                || value instanceof UUID
                || value instanceof Duration
                || value instanceof Period
                || value instanceof URI
                || value instanceof URL
                || value instanceof Vector;
    }

    private static List<@Nullable String> fields(Record composite) {
        List<@Nullable String> fields = new ArrayList<>();
        for (Object value : RecordShape.of(composite.getClass()).values(composite)) {
            fields.add(of(value));
        }
        return fields;
    }

    private static String array(Collection<?> values) {
        List<@Nullable String> elements = new ArrayList<>();
        boolean nested = false;
        for (Object value : values) {
            nested |= value instanceof Collection
                    || (value != null && value.getClass().isArray() && !(value instanceof byte[]));
            elements.add(of(value));
        }
        return ArrayText.join(elements, nested);
    }

    private static Collection<?> elements(Object array) {
        Object[] elements = new Object[Array.getLength(array)];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = Array.get(array, i);
        }
        return Arrays.asList(elements);
    }
}
