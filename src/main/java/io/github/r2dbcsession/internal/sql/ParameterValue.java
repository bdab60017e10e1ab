package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.postgresql.codec.Vector;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Type;
import java.time.Duration;
import java.time.Period;
import java.time.temporal.Temporal;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a value as people have it into one that the driver encodes; never null. */
final class ParameterValue {

    private ParameterValue() {}

    /** @throws StatementException when it cannot be stored as it is; the message names the parameter and never the value */
    static Object of(String name, @Nullable Object value) {
        try {
            return of(value);
        } catch (Conversion.Failure e) {
            throw new StatementException("parameter " + ParameterNames.spelled(name) + ": " + e.reason());
        }
    }

    static Object of(@Nullable Object value) {
        if (value == null) {
            return Parameters.in(Object.class);
        } else if (value instanceof String text) {
            return TextForm.checked(text);
        } else if (value instanceof Number || value instanceof Boolean) {
            return value;
        } else if (value instanceof Temporal temporal) {
            return TemporalText.checked(temporal);
        } else if (value instanceof Optional<?> optional) {
            return of(optional.orElse(null));
        } else if (value instanceof Collection<?> values) {
            return ArrayValue.of(values);
        } else if (value instanceof Character character) {
            return TextForm.checked(character.toString());
        } else if (value.getClass().isArray() && !(value instanceof byte[])) {
            return ArrayValue.ofArray(value);
        }
        Type type = typeOfText(value);
        return type == null ? value : Parameters.in(type, TextForm.of(value));
    }

    /** Returns the type of what is sent in its text form, unspecified where the statement tells it; null for all that the driver writes. */
    private static @Nullable Type typeOfText(Object value) {
        if (value instanceof Duration || value instanceof Period) {
            return PostgresqlObjectId.INTERVAL;
        } else if (value instanceof Range<?> range) {
            RangeType type = RangeType.of(List.of(range));
            return type == null ? PostgresqlObjectId.UNSPECIFIED : type.identifier();
        } else if (value instanceof Enum
                || value instanceof Record
                || value instanceof Json
                || value instanceof Vector) {
            return PostgresqlObjectId.UNSPECIFIED;
        }
        return null;
    }

    /** Returns a null of that type; of the type that the statement expects when the driver's type is not known beforehand. */
    static Object ofNull(Class<?> type) {
        boolean unknown = type.isEnum()
                || type.isRecord()
                || type == Json.class
                || type == Vector.class
                || type == Optional.class
                || Collection.class.isAssignableFrom(type);
        if (unknown) {
            return Parameters.in(Object.class);
        } else if (type == Duration.class || type == Period.class) {
            return Parameters.in(PostgresqlObjectId.INTERVAL);
        } else if (type == Character.class || type == char.class) {
            return Parameters.in(String.class);
        } else if (type.isArray() && type.getComponentType().isPrimitive() && type != byte[].class) {
            return Parameters.in(Types.boxed(type.getComponentType()).arrayType());
        }
        return Parameters.in(Types.boxed(type));
    }
}
