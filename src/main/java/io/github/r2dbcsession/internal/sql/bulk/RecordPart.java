package io.github.r2dbcsession.internal.sql.bulk;

import io.github.r2dbcsession.sql.StatementException;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A component of a record, as what it fills a column with. Immutable.
 *
 * @param name the component's name
 * @param type what it holds, boxed; of an Optional what that holds
 * @param elements what is in that
 * @param accessor takes the record
 */
public record RecordPart(String name, Class<?> type, Elements elements, Function<Object, @Nullable Object> accessor) {

    private static final ClassValue<List<RecordPart>> PARTS = new ClassValue<>() {
        @Override
        protected List<RecordPart> computeValue(Class<?> type) {
            List<RecordPart> parts = new ArrayList<>();
            for (RecordComponent component : type.isRecord() ? type.getRecordComponents() : new RecordComponent[0]) {
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
        List<RecordPart> parts = PARTS.get(type);
        if (parts.isEmpty()) {
            throw new StatementException("rows for a table are records, whose components fill its columns; "
                    + type.getTypeName() + " is none or has no components");
        }
        return parts;
    }

    /** Returns the component's value in a record, null for an empty Optional. */
    public @Nullable Object of(Object row) {
        Object value = accessor.apply(row);
        return value instanceof Optional<?> optional ? optional.orElse(null) : value;
    }

    /** Whether a name means this component: they differ in case and underscores at most. */
    boolean isNamed(String other) {
        return bare(name).equals(bare(other));
    }

    private static String bare(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    /** Returns the part as if it held one of the elements of what it holds. */
    RecordPart ofElements() {
        return new RecordPart(name, elements.type(), new Elements(elements.type(), 0), accessor);
    }

    private static RecordPart of(RecordComponent component) {
        Class<?> type = component.getType();
        Type declared = component.getGenericType();
        if (type == Optional.class && declared instanceof ParameterizedType generic) {
            declared = generic.getActualTypeArguments()[0];
            type = declared instanceof Class<?> inner ? inner : type;
        }
        return new RecordPart(
                component.getName(),
                MethodType.methodType(type).wrap().returnType(),
                Elements.of(declared),
                accessor(component));
    }

    private static Function<Object, @Nullable Object> accessor(RecordComponent component) {
        Method accessor = component.getAccessor();
        try {
            MethodHandles.Lookup lookup =
                    MethodHandles.privateLookupIn(accessor.getDeclaringClass(), MethodHandles.lookup());
            MethodHandle handle = lookup.unreflect(accessor);
            return lookup.hasFullPrivilegeAccess() ? compiled(lookup, handle) : called(component.getName(), handle);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(
                    "the module of " + accessor.getDeclaringClass().getTypeName()
                            + " must open its package to this library",
                    e);
        }
    }

    /** Calls it as code that was written for it would: a handle that is no constant costs some times that. */
    @SuppressWarnings("unchecked")
    private static Function<Object, @Nullable Object> compiled(MethodHandles.Lookup lookup, MethodHandle handle) {
        MethodType type = handle.type();
        try {
            return (Function<Object, @Nullable Object>) LambdaMetafactory.metafactory(
                            lookup, "apply", MethodType.methodType(Function.class), type.generic(), handle, type.wrap())
                    .getTarget()
                    .invoke();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the accessor " + type + " has no function", e);
        }
    }

    /** For a record of a module of its own, in which nothing can be defined from here. */
    private static Function<Object, @Nullable Object> called(String name, MethodHandle accessor) {
        MethodHandle handle = accessor.asType(accessor.type().generic());
        return row -> {
            try {
                return (Object) handle.invokeExact(row);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("the accessor of " + name + " failed", e);
            }
        };
    }
}
