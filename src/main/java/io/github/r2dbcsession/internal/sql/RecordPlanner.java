package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.internal.sql.RecordPlan.CellPart;
import io.github.r2dbcsession.internal.sql.RecordPlan.Part;
import io.github.r2dbcsession.internal.sql.RecordPlan.Presence;
import io.github.r2dbcsession.internal.sql.RecordPlan.RecordPart;
import io.github.r2dbcsession.sql.RowMappingException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Matches a record's components with the columns of a result. Used once. */
final class RecordPlanner {

    private final Class<?> root;
    private final Columns columns;
    private final Set<Column> used = new HashSet<>();
    private final List<String> missing = new ArrayList<>();
    private final Deque<Class<?>> path = new ArrayDeque<>();

    private RecordPlanner(Class<?> root, Columns columns) {
        this.root = root;
        this.columns = columns;
    }

    static RecordPlan plan(Class<?> type, Columns columns) {
        RecordPlanner planner = new RecordPlanner(type, columns);
        RecordPlan plan = planner.plan(type, "");
        if (!planner.missing.isEmpty()) {
            throw planner.incomplete();
        }
        return plan;
    }

    private RecordPlan plan(Class<?> type, String prefix) {
        if (path.contains(type)) {
            throw new RowMappingException(prefix, type.getTypeName(), "the record contains itself");
        }
        path.push(type);
        List<Part> parts = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            Part part = part(component, prefix);
            if (part != null) {
                parts.add(part);
            }
        }
        path.pop();
        return new RecordPlan(constructor(type), parts);
    }

    /** Returns null when the column is missing, which is noted. */
    private @Nullable Part part(RecordComponent component, String prefix) {
        boolean optional = component.getType() == Optional.class;
        Type declared = optional ? argument(component.getGenericType()) : component.getGenericType();
        Class<?> type = rawClass(declared);
        Presence presence = optional ? Presence.OPTIONAL : type.isPrimitive() ? Presence.REQUIRED : Presence.NULLABLE;
        String name = prefix + snakeCase(component.getName());
        if (type.isRecord()) {
            return new RecordPart(plan(type, name + "_"), presence);
        }
        Column column = find(name, prefix + component.getName());
        if (column == null) {
            missing.add(name);
            return null;
        }
        used.add(column);
        return new CellPart(reader(column, declared, type, component), presence);
    }

    private ColumnReader reader(Column column, Type declared, Class<?> type, RecordComponent component) {
        String target = component.getDeclaringRecord().getSimpleName() + "." + component.getName() + " ("
                + type.getTypeName() + ")";
        return type == List.class
                ? ColumnReader.listOf(column, rawClass(argument(declared)), target)
                : ColumnReader.of(column, type, target);
    }

    /** Prefers the column spelled like the component or its snake_case; else the only one equal but for case and underscores. */
    private @Nullable Column find(String snakeCase, String spelled) {
        List<Column> found = columns.where(column -> bare(column.name()).equals(bare(snakeCase)));
        List<Column> exact = found.stream()
                .filter(column -> column.name().equals(spelled) || column.name().equals(snakeCase))
                .toList();
        List<Column> best = exact.isEmpty() ? found : exact;
        if (best.size() > 1) {
            throw new RowMappingException(
                    snakeCase,
                    root.getTypeName(),
                    "several columns match it: "
                            + String.join(", ", best.stream().map(Column::name).toList()) + "; give them aliases");
        }
        return best.isEmpty() ? null : best.get(0);
    }

    private RowMappingException incomplete() {
        List<String> surplus = columns.where(column -> !used.contains(column)).stream()
                .map(Column::name)
                .toList();
        return new RowMappingException(
                String.join(", ", missing),
                root.getTypeName(),
                "the result lacks it" + (surplus.isEmpty() ? "" : "; it has, unused: " + String.join(", ", surplus)));
    }

    private static MethodHandle constructor(Class<?> type) {
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            MethodHandles.Lookup lookup = isOpen(type)
                    ? MethodHandles.publicLookup()
                    : MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            return lookup.unreflectConstructor(constructor)
                    .asSpreader(Object[].class, types.length)
                    .asType(MethodType.methodType(Object.class, Object[].class));
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(
                    "the module of " + type.getTypeName() + " must open its package to this library", e);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type.getTypeName() + " has no canonical constructor", e);
        }
    }

    private static boolean isOpen(Class<?> type) {
        boolean open = type.getModule().isExported(type.getPackageName());
        for (Class<?> outer = type; outer != null; outer = outer.getEnclosingClass()) {
            open &= Modifier.isPublic(outer.getModifiers());
        }
        return open;
    }

    private static Type argument(Type type) {
        return type instanceof ParameterizedType parameterized
                ? parameterized.getActualTypeArguments()[0]
                : Object.class;
    }

    private static Class<?> rawClass(Type type) {
        if (type instanceof Class<?> raw) {
            return raw;
        }
        return type instanceof ParameterizedType parameterized ? (Class<?>) parameterized.getRawType() : Object.class;
    }

    private static String bare(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    private static String snakeCase(String name) {
        StringBuilder snake = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean wordStart = Character.isUpperCase(c) && i > 0 && !Character.isUpperCase(name.charAt(i - 1));
            snake.append(wordStart ? "_" : "").append(Character.toLowerCase(c));
        }
        return snake.toString();
    }
}
