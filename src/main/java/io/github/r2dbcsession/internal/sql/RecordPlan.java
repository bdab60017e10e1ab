package io.github.r2dbcsession.internal.sql;

import io.r2dbc.spi.Row;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How one record is made of one row: a constructor and a part for each of its components. Immutable. */
final class RecordPlan {

    /** Where one component comes from. */
    interface Part {

        /** Returns the component's value; null when the component may be. */
        @Nullable
        Object read(Row row);

        /** Returns whether every column under it is null. */
        boolean isNull(Row row);
    }

    /** Whether a component may be null. */
    enum Presence {
        /** A primitive. */
        REQUIRED,
        NULLABLE,
        OPTIONAL
    }

    private final RecordShape shape;
    private final List<Part> parts;

    RecordPlan(RecordShape shape, List<Part> parts) {
        this.shape = shape;
        this.parts = List.copyOf(parts);
    }

    Object create(Row row) {
        @Nullable Object[] values = new @Nullable Object[parts.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = parts.get(i).read(row);
        }
        return shape.create(values);
    }

    boolean allNull(Row row) {
        return parts.stream().allMatch(part -> part.isNull(row));
    }

    /** A component read from one column. */
    record CellPart(ColumnReader reader, Presence presence) implements Part {

        @Override
        public @Nullable Object read(Row row) {
            return switch (presence) {
                case REQUIRED ->
                    reader.readNotNull(row, "a primitive cannot be; declare the component boxed or Optional");
                case NULLABLE -> reader.read(row);
                case OPTIONAL -> Optional.ofNullable(reader.read(row));
            };
        }

        @Override
        public boolean isNull(Row row) {
            return reader.read(row) == null;
        }
    }

    /** A component that is itself a record; as an Optional it is empty when all of its columns are null, as after a LEFT JOIN. */
    record RecordPart(RecordPlan plan, Presence presence) implements Part {

        @Override
        public @Nullable Object read(Row row) {
            if (presence != Presence.OPTIONAL) {
                return plan.create(row);
            }
            return plan.allNull(row) ? Optional.empty() : Optional.of(plan.create(row));
        }

        @Override
        public boolean isNull(Row row) {
            return plan.allNull(row);
        }
    }
}
