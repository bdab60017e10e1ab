package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.internal.sql.RecordPlan.CellPart;
import io.github.r2dbcsession.internal.sql.RecordPlan.Part;
import io.github.r2dbcsession.internal.sql.RecordPlan.Presence;
import io.github.r2dbcsession.internal.sql.RecordPlan.RecordPart;
import io.github.r2dbcsession.sql.RowMappingException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
        RecordShape shape = RecordShape.of(type);
        for (RecordComponent component : shape.components()) {
            Part part = part(component, prefix);
            if (part != null) {
                parts.add(part);
            }
        }
        path.pop();
        return new RecordPlan(shape, parts);
    }

    /** Returns null when the column is missing, which is noted. */
    private @Nullable Part part(RecordComponent component, String prefix) {
        boolean optional = component.getType() == Optional.class;
        Type declared = optional ? Types.argument(component.getGenericType()) : component.getGenericType();
        Class<?> type = Types.raw(declared);
        Presence presence = optional ? Presence.OPTIONAL : type.isPrimitive() ? Presence.REQUIRED : Presence.NULLABLE;
        String name = prefix + snakeCase(component.getName());
        Column column = find(name, prefix + component.getName());
        if (type.isRecord() && (column == null || !column.mayHold(type))) {
            return new RecordPart(plan(type, name + "_"), presence);
        } else if (column == null) {
            missing.add(name);
            return null;
        }
        used.add(column);
        String target = component.getDeclaringRecord().getSimpleName() + "." + component.getName() + " ("
                + type.getTypeName() + ")";
        return new CellPart(ColumnReader.of(column, declared, target), presence);
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
                "the result lacks it" + (surplus.isEmpty() ? "" : "; it has, unused: " + String.join(", ", surplus))
                        + (isWholeInOneColumn()
                                ? "; a record that is one column is read by map(row -> row.get(...))"
                                : ""));
    }

    private boolean isWholeInOneColumn() {
        return used.isEmpty()
                && columns.list().size() == 1
                && columns.list().get(0).mayHold(root);
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
