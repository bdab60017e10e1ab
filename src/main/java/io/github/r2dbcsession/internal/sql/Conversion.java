package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.internal.cell.Bytea;
import io.github.r2dbcsession.sql.Range;
import io.r2dbc.postgresql.codec.Interval;
import io.r2dbc.postgresql.codec.Json;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Period;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/**
 * What to ask the driver for, and what to make of it, so that nothing is lost on the way. Works for a cell and for each
 * element of an array alike. Immutable.
 *
 * @param source the class the driver is asked for
 * @param convert makes the target of it; identity when both are one
 */
record Conversion(Class<?> source, Function<Object, Object> convert) {

    /** Why a value cannot be converted, without the value. */
    static final class Failure extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Failure(String reason) {
            super(reason, null, false, false);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    static Conversion none(Class<?> target) {
        return new Conversion(target, value -> value);
    }

    /** Returns the conversion of a PostgreSQL type that is neither an array nor JSON. */
    static Conversion of(PostgresqlObjectId type, Type declared) {
        Class<?> asked = Types.boxed(Types.raw(declared));
        Class<?> target = asked == Object.class ? Natural.of(type) : asked;
        if (NumberConversion.isNumber(target)) {
            return NumberConversion.of(type, target);
        } else if (TemporalConversion.isTemporal(target)) {
            return TemporalConversion.of(type, target);
        } else if (target == String.class) {
            return text(type);
        } else if (type == PostgresqlObjectId.BYTEA && target == byte[].class) {
            return new Conversion(Bytea.class, value -> ((Bytea) value).bytes());
        } else if (type == PostgresqlObjectId.BYTEA && target == ByteBuffer.class) {
            return new Conversion(Bytea.class, value -> ByteBuffer.wrap(((Bytea) value).bytes()));
        } else if (target == Character.class) {
            return new Conversion(String.class, value -> character((String) value));
        } else if (target.isEnum()) {
            return new Conversion(String.class, value -> constant((String) value, target));
        } else if (target == InetAddress.class) {
            return new Conversion(String.class, value -> Internet.address((String) value));
        } else if (target == Interval.class) {
            return interval(type, interval -> interval);
        } else if (target == Duration.class) {
            return interval(type, TemporalConversion::duration);
        } else if (target == Period.class) {
            return interval(type, TemporalConversion::period);
        } else if (target == Range.class) {
            return range(Types.argument(declared));
        } else if (target.isRecord() && type == PostgresqlObjectId.UNSPECIFIED) {
            FromText composite = FromText.of(target);
            return new Conversion(String.class, value -> Objects.requireNonNull(composite.read((String) value)));
        }
        return none(target);
    }

    /** Numbers and the like are not read from JSON, which the server can cast better; all that the application defines is. */
    static Conversion json(Type declared) {
        Class<?> target = Types.raw(declared);
        if (target == String.class || target == Object.class) {
            return none(String.class);
        } else if (target == io.github.r2dbcsession.sql.Json.class) {
            return new Conversion(String.class, value -> io.github.r2dbcsession.sql.Json.ofText((String) value));
        } else if (target == Json.class || target == byte[].class || target == ByteBuffer.class) {
            return none(target);
        }
        return new Conversion(String.class, value -> JsonCodecs.read((String) value, declared));
    }

    static Conversion range(Type bound) {
        FromText reader = FromText.of(bound);
        return new Conversion(String.class, value -> RangeType.read((String) value, reader));
    }

    /** Reads pgvector's {@code [1,2,3]}, known to the driver or not, and {@code real} arrays in domains and the like. */
    static Conversion vector(Class<?> component) {
        FromText floats = FromText.of(component.arrayType());
        return new Conversion(String.class, value -> {
            String text = (String) value;
            boolean vector = text.startsWith("[") && text.endsWith("]");
            return Objects.requireNonNull(
                    floats.read(vector ? '{' + text.substring(1, text.length() - 1) + '}' : text));
        });
    }

    private static Conversion interval(PostgresqlObjectId type, Function<Interval, Object> convert) {
        if (type != PostgresqlObjectId.INTERVAL && type != PostgresqlObjectId.UNSPECIFIED) {
            throw new Failure("it is not an interval; cast it in the statement");
        }
        return new Conversion(String.class, value -> convert.apply(IntervalText.read((String) value)));
    }

    /** Booleans and integers as SQL casts them to text, whatever the format on the wire; all else in the server's own text form. */
    private static Conversion text(PostgresqlObjectId type) {
        return switch (type) {
            case BOOL -> new Conversion(Boolean.class, Object::toString);
            case INT2, INT4, INT8 -> new Conversion(Long.class, Object::toString);
            case UUID -> new Conversion(UUID.class, Object::toString);
            default -> none(String.class);
        };
    }

    /** Reads the text form of a bytea. */
    static byte[] bytes(String text) {
        try {
            return Bytea.read(text.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new Failure("it is not a bytea");
        }
    }

    private static Object character(String text) {
        if (text.length() != 1) {
            throw new Failure("it holds " + text.length() + " characters, not one");
        }
        return text.charAt(0);
    }

    static Object constant(String name, Class<?> target) {
        for (Object constant : target.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        throw new Failure("it is none of " + Arrays.toString(target.getEnumConstants()));
    }
}
