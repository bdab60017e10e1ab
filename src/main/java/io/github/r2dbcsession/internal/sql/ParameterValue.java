package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.spi.Parameters;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.net.InetAddress;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns a value as people have it into one that the driver encodes; never null. */
final class ParameterValue {

    /** Element types of arrays that the driver does not write, or writes wrongly. */
    private static final Set<Class<?>> WRITTEN_HERE =
            Set.of(Duration.class, Character.class, byte[].class, ByteBuffer.class, URI.class, URL.class);

    private ParameterValue() {}

    static Object of(String name, @Nullable Object value) {
        if (value == null) {
            return Parameters.in(Object.class);
        } else if (value instanceof Optional<?> optional) {
            return of(name, optional.orElse(null));
        } else if (value instanceof Collection<?> values) {
            return array(name, values, elementType(values));
        } else if (value instanceof Enum<?> constant) {
            return Parameters.in(PostgresqlObjectId.UNSPECIFIED, constant.name());
        } else if (value instanceof Duration duration) {
            return Parameters.in(PostgresqlObjectId.INTERVAL, duration.toString());
        } else if (value instanceof Character character) {
            return character.toString();
        } else if (value.getClass().isArray() && !(value instanceof byte[])) {
            return ofArray(name, value);
        }
        return value;
    }

    /** Returns a null of that type; of the type that the statement expects when the driver's type is not known beforehand. */
    static Object ofNull(Class<?> type) {
        if (type.isEnum() || type == Optional.class || Collection.class.isAssignableFrom(type)) {
            return Parameters.in(Object.class);
        } else if (type == Duration.class) {
            return Parameters.in(PostgresqlObjectId.INTERVAL);
        } else if (type == Character.class || type == char.class) {
            return Parameters.in(String.class);
        } else if (type.isArray() && type.getComponentType().isPrimitive() && type != byte[].class) {
            return Parameters.in(boxed(type.getComponentType()).arrayType());
        }
        return Parameters.in(boxed(type));
    }

    /** @param elementType Void when nothing is known about it */
    static Object array(String name, Collection<?> values, Class<?> elementType) {
        if (elementType == Void.class) {
            return Parameters.in(PostgresqlObjectId.UNSPECIFIED, new String[values.size()]);
        } else if (elementType.isEnum()) {
            return Parameters.in(
                    PostgresqlObjectId.UNSPECIFIED,
                    elements(name, values, elementType, String.class, e -> ((Enum<?>) e).name()));
        } else if (elementType == Duration.class) {
            return Parameters.in(
                    PostgresqlObjectId.INTERVAL_ARRAY,
                    elements(name, values, elementType, String.class, Object::toString));
        } else if (elementType == byte[].class) {
            return Parameters.in(
                    PostgresqlObjectId.BYTEA_ARRAY,
                    elements(name, values, elementType, String.class, ParameterValue::hex));
        } else if (elementType == Character.class || elementType == char.class) {
            return elements(name, values, Character.class, String.class, Object::toString);
        } else if (elementType == URI.class || elementType == URL.class) {
            return elements(name, values, elementType, String.class, Object::toString);
        } else if (elementType == ByteBuffer.class) {
            throw new StatementException("parameter " + name + ": an array of ByteBuffer is not sent, use byte[]");
        }
        return elements(name, values, boxed(elementType), boxed(elementType), element -> element);
    }

    /** The driver writes the elements of a bytea array unescaped, so that others arrive: they are sent as text. */
    private static String hex(Object bytes) {
        return "\\x" + HexFormat.of().formatHex((byte[]) bytes);
    }

    private static Object ofArray(String name, Object array) {
        Class<?> element = array.getClass().getComponentType();
        if (!element.isPrimitive() && !element.isEnum() && !WRITTEN_HERE.contains(element)) {
            return ((Object[]) array).clone();
        }
        Object[] boxed = new Object[Array.getLength(array)];
        for (int i = 0; i < boxed.length; i++) {
            boxed[i] = Array.get(array, i);
        }
        return array(name, Arrays.asList(boxed), element);
    }

    private static Object elements(
            String name, Collection<?> values, Class<?> expected, Class<?> encoded, Function<Object, Object> encode) {
        Object[] array = (Object[]) Array.newInstance(encoded, values.size());
        int index = 0;
        for (Object value : values) {
            if (value != null && !expected.isInstance(value)) {
                throw new StatementException("parameter " + name + ": all elements must be " + expected.getTypeName()
                        + ", one is " + value.getClass().getTypeName());
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

    private static Class<?> boxed(Class<?> type) {
        return MethodType.methodType(type).wrap().returnType();
    }
}
