package io.github.r2dbcsession.internal.sql.bulk;

import io.github.r2dbcsession.sql.StatementException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A component of a record, as what it fills a column with. Immutable.
 *
 * @param name the component's name
 * @param type what it holds, boxed; of an Optional what that holds
 * @param accessor takes the record as an {@code Object} and returns an {@code Object}
 */
public record RecordPart(String name, Class<?> type, MethodHandle accessor) {

    private static final ClassValue<List<RecordPart>> PARTS = new ClassValue<>() {
        @Override
        protected List<RecordPart> computeValue(Class<?> type) {
            List<RecordPart> parts = new ArrayList<>();
            for (RecordComponent component : type.getRecordComponents()) {
                parts.add(of(component));
            }
            return List.copyOf(parts);
        }
    };

    /**
     * Returns the components of a record.
     *
     * @throws StatementException when the class is none, or has no components
     */
    public static List<RecordPart> of(Class<?> type) {
        if (!type.isRecord() || type.getRecordComponents().length == 0) {
            throw new StatementException("rows for a table are records, whose components fill its columns; "
                    + type.getTypeName() + " is none or has no components");
        }
        return PARTS.get(type);
    }

    /** Returns the component's value in a record, null for an empty Optional. */
    public @Nullable Object of(Object row) {
        Object value;
        try {
            value = (Object) accessor.invokeExact(row);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the accessor of " + name + " failed", e);
        }
        return value instanceof Optional<?> optional ? optional.orElse(null) : value;
    }

    /** Whether a name means this component: they differ in case and underscores at most. */
    boolean isNamed(String other) {
        return bare(name).equals(bare(other));
    }

    private static String bare(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    private static RecordPart of(RecordComponent component) {
        Class<?> type = component.getType();
        if (type == Optional.class
                && component.getGenericType() instanceof ParameterizedType generic
                && generic.getActualTypeArguments()[0] instanceof Class<?> inner) {
            type = inner;
        }
        return new RecordPart(
                component.getName(), MethodType.methodType(type).wrap().returnType(), accessor(component));
    }

    private static MethodHandle accessor(RecordComponent component) {
        Method accessor = component.getAccessor();
        try {
            MethodHandles.Lookup lookup =
                    MethodHandles.privateLookupIn(accessor.getDeclaringClass(), MethodHandles.lookup());
            return lookup.unreflect(accessor).asType(MethodType.methodType(Object.class, Object.class));
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(
                    "the module of " + accessor.getDeclaringClass().getTypeName()
                            + " must open its package to this library",
                    e);
        }
    }
}
