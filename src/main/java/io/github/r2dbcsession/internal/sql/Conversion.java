package io.github.r2dbcsession.internal.sql;

import io.r2dbc.postgresql.codec.Interval;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Period;
import java.util.Arrays;
import java.util.HexFormat;
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

    /** Returns the conversion of a (not array) PostgreSQL type to a (not primitive) Java class. */
    static Conversion of(PostgresqlObjectId type, Class<?> target) {
        if (NumberConversion.isNumber(target)) {
            return NumberConversion.of(type, target);
        } else if (TemporalConversion.isTemporal(target)) {
            return TemporalConversion.of(type, target);
        } else if (target == Object.class) {
            return natural(type);
        } else if (target == String.class) {
            return text(type);
        } else if (target == Character.class) {
            return new Conversion(String.class, value -> character((String) value));
        } else if (target.isEnum()) {
            return new Conversion(String.class, value -> constant((String) value, target));
        } else if (target == InetAddress.class) {
            return new Conversion(String.class, value -> Internet.address((String) value));
        } else if (target == Duration.class) {
            return new Conversion(Interval.class, value -> TemporalConversion.duration((Interval) value));
        } else if (target == Period.class) {
            return new Conversion(Interval.class, value -> TemporalConversion.period((Interval) value));
        }
        return none(target);
    }

    private static Conversion natural(PostgresqlObjectId type) {
        return switch (type) {
            case JSON, JSONB, INET -> none(String.class);
            default -> none(Object.class);
        };
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
        if (!text.startsWith("\\x")) {
            throw new Failure("it is not in bytea's hex form");
        }
        return HexFormat.of().parseHex(text, 2, text.length());
    }

    private static Object character(String text) {
        if (text.length() != 1) {
            throw new Failure("it holds " + text.length() + " characters, not one");
        }
        return text.charAt(0);
    }

    private static Object constant(String name, Class<?> target) {
        for (Object constant : target.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        throw new Failure("it is none of " + Arrays.toString(target.getEnumConstants()));
    }
}
