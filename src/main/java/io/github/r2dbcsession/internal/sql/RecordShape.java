package io.github.r2dbcsession.internal.sql;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a record is made of its components' values, and taken apart into them. Immutable. */
final class RecordShape {

    private static final ClassValue<RecordShape> SHAPES = new ClassValue<>() {
        @Override
        protected RecordShape computeValue(Class<?> type) {
            return new RecordShape(type);
        }
    };

    private final List<RecordComponent> components;
    private final MethodHandle constructor;
    private final List<MethodHandle> accessors;

    private RecordShape(Class<?> type) {
        components = List.of(type.getRecordComponents());
        Class<?>[] types = components.stream().map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<?> canonical = type.getDeclaredConstructor(types);
            MethodHandles.Lookup lookup = isOpen(type)
                    ? MethodHandles.publicLookup()
                    : MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            constructor = lookup.unreflectConstructor(canonical)
                    .asSpreader(Object[].class, types.length)
                    .asType(MethodType.methodType(Object.class, Object[].class));
            MethodHandle[] handles = new MethodHandle[types.length];
            for (int i = 0; i < types.length; i++) {
                handles[i] = lookup.unreflect(components.get(i).getAccessor())
                        .asType(MethodType.methodType(Object.class, Object.class));
            }
            accessors = List.of(handles);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(
                    "the module of " + type.getTypeName() + " must open its package to this library", e);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type.getTypeName() + " has no canonical constructor", e);
        }
    }

    static RecordShape of(Class<?> type) {
        return SHAPES.get(type);
    }

    List<RecordComponent> components() {
        return components;
    }

    /** Calls the canonical constructor; what that throws is thrown. */
    Object create(@Nullable Object[] values) {
        try {
            return (Object) constructor.invokeExact(values);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the record's constructor failed", e);
        }
    }

    /** Returns what the accessors return; what one throws is thrown. */
    @Nullable
    Object[] values(Object of) {
        @Nullable Object[] values = new @Nullable Object[accessors.size()];
        try {
            for (int i = 0; i < values.length; i++) {
                values[i] = (@Nullable Object) accessors.get(i).invokeExact(of);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the record's accessor failed", e);
        }
        return values;
    }

    private static boolean isOpen(Class<?> type) {
        boolean open = type.getModule().isExported(type.getPackageName());
        for (Class<?> outer = type; outer != null; outer = outer.getEnclosingClass()) {
            open &= Modifier.isPublic(outer.getModifiers());
        }
        return open;
    }
}
