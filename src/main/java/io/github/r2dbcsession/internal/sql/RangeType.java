package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Range;
import io.r2dbc.postgresql.codec.PostgresTypeIdentifier;
import io.r2dbc.spi.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The built-in types of ranges, which the driver does not know. */
record RangeType(String name, int objectId, int arrayId, Class<?> bound) {

    private static final List<RangeType> ALL = List.of(
            new RangeType("int4range", 3904, 3905, Integer.class),
            new RangeType("numrange", 3906, 3907, BigDecimal.class),
            new RangeType("tsrange", 3908, 3909, LocalDateTime.class),
            new RangeType("tstzrange", 3910, 3911, OffsetDateTime.class),
            new RangeType("daterange", 3912, 3913, LocalDate.class),
            new RangeType("int8range", 3926, 3927, Long.class));

    private static final Map<Class<?>, Class<?>> KIN = Map.of(
            BigInteger.class, BigDecimal.class,
            Instant.class, OffsetDateTime.class,
            ZonedDateTime.class, OffsetDateTime.class);

    /** What the driver writes in front of a parameter. */
    private record Identifier(String getName, Class<?> getJavaType, int getObjectId)
            implements Type, PostgresTypeIdentifier {}

    /** Returns the type of a column of ranges or of arrays of them; null when it is none of these. */
    static @Nullable RangeType of(int objectId) {
        return first(type -> type.objectId == objectId || type.arrayId == objectId);
    }

    /** Returns the type for the first bound among the ranges; null when there is none, or of a class that no built-in range has. */
    static @Nullable RangeType of(Collection<? extends @Nullable Object> ranges) {
        return ranges.stream()
                .filter(Range.class::isInstance)
                .map(Range.class::cast)
                .flatMap(range -> Stream.of(range.lower(), range.upper()))
                .filter(Objects::nonNull)
                .findFirst()
                .map(value -> of(value.getClass()))
                .orElse(null);
    }

    private static @Nullable RangeType of(Class<?> bound) {
        Class<?> kin = KIN.getOrDefault(bound, bound);
        return first(type -> type.bound == kin);
    }

    Type identifier() {
        return new Identifier(name, Range.class, objectId);
    }

    Type arrayIdentifier() {
        return new Identifier("_" + name, Range[].class, arrayId);
    }

    static String text(Range<?> range) {
        if (range.isEmpty()) {
            return "empty";
        }
        return (range.lowerInclusive() ? "[" : "(")
                + FieldText.join(Arrays.asList(TextForm.of(range.lower()), TextForm.of(range.upper())))
                + (range.upperInclusive() ? "]" : ")");
    }

    static Range<?> read(String text, FromText bound) {
        if (text.equals("empty")) {
            return Range.empty();
        }
        boolean range = text.startsWith("[") || text.startsWith("(");
        List<@Nullable String> bounds = range ? FieldText.split(text) : List.of();
        if (bounds.size() != 2) {
            throw new Conversion.Failure("it is not a range");
        }
        return new Range<>(
                bound.read(bounds.get(0)),
                bound.read(bounds.get(1)),
                text.charAt(0) == '[',
                text.charAt(text.length() - 1) == ']',
                false);
    }

    private static @Nullable RangeType first(Predicate<RangeType> condition) {
        return ALL.stream().filter(condition).findFirst().orElse(null);
    }
}
