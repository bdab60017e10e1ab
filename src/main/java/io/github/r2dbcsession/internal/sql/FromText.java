package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.r2dbc.postgresql.codec.Interval;
import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Period;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads one class from the text that PostgreSQL writes: for composites, ranges and what lies in them. Immutable. */
final class FromText {

    private static final Map<Class<?>, Function<String, Object>> SIMPLE = Map.ofEntries(
            Map.entry(String.class, text -> text),
            Map.entry(Object.class, text -> text),
            Map.entry(Boolean.class, text -> text.equals("t")),
            Map.entry(Short.class, Short::valueOf),
            Map.entry(Integer.class, Integer::valueOf),
            Map.entry(Long.class, Long::valueOf),
            Map.entry(Float.class, Float::valueOf),
            Map.entry(Double.class, Double::valueOf),
            Map.entry(BigInteger.class, BigInteger::new),
            Map.entry(BigDecimal.class, BigDecimal::new),
            Map.entry(UUID.class, UUID::fromString),
            Map.entry(Json.class, Json::ofText),
            Map.entry(byte[].class, Conversion::bytes),
            Map.entry(InetAddress.class, Internet::address),
            Map.entry(Interval.class, IntervalText::read),
            Map.entry(Duration.class, text -> TemporalConversion.duration(IntervalText.read(text))),
            Map.entry(Period.class, text -> TemporalConversion.period(IntervalText.read(text))));

    private final Function<String, Object> read;

    private FromText(Function<String, Object> read) {
        this.read = read;
    }

    /** Fails where nothing of the type can be read. */
    static FromText of(Type declared) {
        return of(declared, List.of());
    }

    /** @param around the records that this lies in */
    private static FromText of(Type declared, List<Class<?>> around) {
        Class<?> type = Types.boxed(Types.raw(declared));
        Function<String, Object> simple = SIMPLE.get(type);
        if (simple != null) {
            return new FromText(text -> guarded(simple, text, type));
        } else if (TemporalConversion.isTemporal(type)) {
            return new FromText(text -> guarded(time -> TemporalText.read(time, type), text, type));
        } else if (type.isEnum()) {
            return new FromText(text -> Conversion.constant(text, type));
        } else if (type.isArray()) {
            FromText element = of(type.getComponentType(), around);
            return new FromText(text -> array(element.all(ArrayText.split(text)), type.getComponentType()));
        } else if (type == List.class) {
            FromText element = of(Types.argument(declared), around);
            return new FromText(text -> Collections.unmodifiableList(element.all(ArrayText.split(text))));
        } else if (type == Range.class) {
            FromText bound = of(Types.argument(declared), around);
            return new FromText(text -> RangeType.read(text, bound));
        } else if (type.isRecord() && !around.contains(type)) {
            return composite(
                    type, Stream.concat(around.stream(), Stream.of(type)).toList());
        }
        throw new Conversion.Failure("nothing of " + type.getTypeName() + " is read from a composite or a range");
    }

    /** Reads null as null. */
    @Nullable
    Object read(@Nullable String text) {
        return text == null ? null : read.apply(text);
    }

    /** What the JDK's own parsers throw quotes the text: it is not passed on. */
    private static Object guarded(Function<String, Object> read, String text, Class<?> type) {
        try {
            return read.apply(text);
        } catch (DateTimeException | IllegalArgumentException e) {
            throw new Conversion.Failure("a part of it cannot be read as " + type.getTypeName());
        }
    }

    private List<@Nullable Object> all(List<@Nullable String> texts) {
        List<@Nullable Object> values = new ArrayList<>(texts.size());
        for (String text : texts) {
            values.add(read(text));
        }
        return values;
    }

    private static Object array(List<@Nullable Object> elements, Class<?> component) {
        Object array = Array.newInstance(component, elements.size());
        for (int i = 0; i < elements.size(); i++) {
            Object element = elements.get(i);
            if (element != null) {
                Array.set(array, i, element);
            } else if (component.isPrimitive()) {
                throw new Conversion.Failure("a null is in it, which " + component + " cannot be");
            }
        }
        return array;
    }

    private static FromText composite(Class<?> type, List<Class<?>> around) {
        RecordShape shape = RecordShape.of(type);
        List<Function<@Nullable String, @Nullable Object>> parts = new ArrayList<>();
        for (RecordComponent component : shape.components()) {
            parts.add(part(component, around));
        }
        return new FromText(text -> {
            if (!text.startsWith("(")) {
                throw new Conversion.Failure("it is not a composite");
            }
            List<@Nullable String> fields = parts.isEmpty() ? List.of() : FieldText.split(text);
            if (fields.size() != parts.size()) {
                throw new Conversion.Failure("it has " + fields.size() + " fields, the record " + parts.size());
            }
            @Nullable Object[] values = new @Nullable Object[parts.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = parts.get(i).apply(fields.get(i));
            }
            return shape.create(values);
        });
    }

    private static Function<@Nullable String, @Nullable Object> part(RecordComponent component, List<Class<?>> around) {
        Class<?> type = component.getType();
        if (type == Optional.class) {
            FromText inner = of(Types.argument(component.getGenericType()), around);
            return text -> Optional.ofNullable(inner.read(text));
        }
        FromText reader = of(component.getGenericType(), around);
        return text -> {
            if (text == null && type.isPrimitive()) {
                throw new Conversion.Failure("its field " + component.getName() + " is null, which " + type
                        + " cannot be; declare the component boxed or Optional");
            }
            return reader.read(text);
        };
    }
}
