package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.postgresql.codec.Vector;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Type;
import java.lang.reflect.Array;
import java.net.InetAddress;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Period;
import java.time.temporal.Temporal;
import java.util.Arrays;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns collections and arrays into what the driver sends as a PostgreSQL array. */
final class ArrayValue {

    /** Elements that the driver does not write, or writes wrongly; PostgreSQL reads them from text. */
    private static final Set<Class<?>> TEXTS = Set.of(
            Duration.class,
            Period.class,
            Character.class,
            char.class,
            byte[].class,
            URI.class,
            URL.class,
            Json.class,
            Vector.class,
            Range.class);

    private ArrayValue() {}

    /** @throws StatementException naming the parameter */
    static Object of(String name, Collection<?> values, Class<?> elementType) {
        try {
            return of(values, elementType);
        } catch (Conversion.Failure e) {
            throw new StatementException("parameter " + ParameterNames.spelled(name) + ": " + e.reason());
        }
    }

    static Object of(Collection<?> values) {
        return of(values, elementType(values));
    }

    static Object ofArray(Object array) {
        @Nullable Object[] elements = new @Nullable Object[Array.getLength(array)];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = Array.get(array, i);
        }
        Class<?> element = array.getClass().getComponentType();
        return element.isArray() && element != byte[].class
                ? ((Object[]) array).clone()
                : of(Arrays.asList(elements), element);
    }

    /** @param declared Void when nothing is known about it */
    private static Object of(Collection<?> values, Class<?> declared) {
        Class<?> type = Types.boxed(declared);
        if (type == Void.class) {
            return Parameters.in(PostgresqlObjectId.UNSPECIFIED, new String[values.size()]);
        } else if (Collection.class.isAssignableFrom(type)) {
            return Parameters.in(PostgresqlObjectId.UNSPECIFIED, Objects.requireNonNull(TextForm.of(values)));
        } else if (type == ByteBuffer.class) {
            throw new Conversion.Failure("an array of ByteBuffer is not sent, use byte[]");
        } else if (!type.isEnum() && !type.isRecord() && !TEXTS.contains(type)) {
            return elements(values, type, type, ArrayValue::checked);
        }
        Object texts = elements(values, type, String.class, TextForm::of);
        Type sent = typeOfTexts(values, type);
        return sent == null ? texts : Parameters.in(sent, texts);
    }

    /** Returns null for what is an array of text. */
    private static @Nullable Type typeOfTexts(Collection<?> values, Class<?> type) {
        if (type == Duration.class || type == Period.class) {
            return PostgresqlObjectId.INTERVAL_ARRAY;
        } else if (type == byte[].class) {
            return PostgresqlObjectId.BYTEA_ARRAY;
        } else if (type == Character.class || type == URI.class || type == URL.class) {
            return null;
        }
        RangeType range = type == Range.class ? RangeType.of(values) : null;
        return range == null ? PostgresqlObjectId.UNSPECIFIED : range.arrayIdentifier();
    }

    private static @Nullable Object checked(Object element) {
        if (element instanceof String text) {
            return TextForm.checked(text);
        }
        return element instanceof Temporal temporal ? TemporalText.checked(temporal) : element;
    }

    private static Object elements(
            Collection<?> values, Class<?> expected, Class<?> encoded, Function<Object, @Nullable Object> encode) {
        Object[] array = (Object[]) Array.newInstance(encoded, values.size());
        int index = 0;
        for (Object value : values) {
            if (value != null && !expected.isInstance(value)) {
                throw new Conversion.Failure("all elements must be " + expected.getTypeName() + ", one is "
                        + value.getClass().getTypeName());
            }
            array[index++] = value == null ? null : encode.apply(value);
        }
        return array;
    }

    private static Class<?> elementType(Collection<?> values) {
        for (Object value : values) {
            if (value instanceof Enum<?> constant) {
                return constant.getDeclaringClass();
            } else if (value instanceof InetAddress) {
                return InetAddress.class;
            } else if (value != null) {
                return value.getClass();
            }
        }
        return Void.class;
    }
}
