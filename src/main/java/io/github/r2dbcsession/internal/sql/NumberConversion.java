package io.github.r2dbcsession.internal.sql;

import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Set;

/** Numbers, exactly: what does not fit or would lose a fraction is an error. A numeric is rounded only to a Double or Float. */
final class NumberConversion {

    private static final Set<Class<?>> NUMBERS = Set.of(
            Byte.class,
            Short.class,
            Integer.class,
            Long.class,
            Float.class,
            Double.class,
            BigInteger.class,
            BigDecimal.class);

    private NumberConversion() {}

    static boolean isNumber(Class<?> target) {
        return NUMBERS.contains(target);
    }

    static Conversion of(PostgresqlObjectId type, Class<?> target) {
        Class<?> source = switch (type) {
            case INT2 -> Short.class;
            case INT4 -> Integer.class;
            case INT8, OID -> Long.class;
            case FLOAT4 -> Float.class;
            case FLOAT8 -> Double.class;
            case NUMERIC -> BigDecimal.class;
            case UNSPECIFIED -> target;
            default -> throw new Conversion.Failure("it is not a number; cast it in the statement");
        };
        return source == target
                ? Conversion.none(target)
                : new Conversion(source, value -> exact((Number) value, target));
    }

    private static Object exact(Number number, Class<?> target) {
        if (number instanceof Float single && target == Double.class) {
            return single.doubleValue();
        } else if (number instanceof Double wide && target == Float.class) {
            return single(wide);
        }
        boolean whole = number instanceof Short || number instanceof Integer || number instanceof Long;
        if (whole && target == Long.class) {
            return number.longValue();
        }
        try {
            BigDecimal decimal = number instanceof BigDecimal already
                    ? already
                    : whole ? BigDecimal.valueOf(number.longValue()) : new BigDecimal(number.toString());
            return exact(decimal, target, !(number instanceof BigDecimal));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new Conversion.Failure("its value does not fit without loss");
        }
    }

    private static Object exact(BigDecimal decimal, Class<?> target, boolean strictly) {
        if (target == Long.class) {
            return decimal.longValueExact();
        } else if (target == Integer.class) {
            return decimal.intValueExact();
        } else if (target == Short.class) {
            return decimal.shortValueExact();
        } else if (target == Byte.class) {
            return decimal.byteValueExact();
        } else if (target == BigInteger.class) {
            return decimal.toBigIntegerExact();
        } else if (target == BigDecimal.class) {
            return decimal;
        }
        double rounded = target == Float.class ? decimal.floatValue() : decimal.doubleValue();
        if (Double.isInfinite(rounded) || (strictly && new BigDecimal(rounded).compareTo(decimal) != 0)) {
            throw new ArithmeticException();
        }
        return target == Float.class ? (Object) (float) rounded : (Object) rounded;
    }

    private static Object single(double wide) {
        float narrow = (float) wide;
        if (narrow != wide && !Double.isNaN(wide)) {
            throw new Conversion.Failure("its value does not fit without loss");
        }
        return narrow;
    }
}
