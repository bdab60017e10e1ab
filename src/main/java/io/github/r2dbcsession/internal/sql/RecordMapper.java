package io.github.r2dbcsession.internal.sql;

import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;

/** Fills records; the plan for a record and a list of columns is kept, 64 of them a class. */
final class RecordMapper<T> implements RowMapper<T> {

    private static final ClassValue<BoundedCache<Columns, RecordPlan>> PLANS = new ClassValue<>() {
        @Override
        protected BoundedCache<Columns, RecordPlan> computeValue(Class<?> type) {
            return new BoundedCache<>(64);
        }
    };

    private final Class<T> type;
    private final LastShape<RecordPlan> shape = new LastShape<>();

    RecordMapper(Class<T> type) {
        this.type = type;
    }

    @Override
    @SuppressWarnings("unchecked")
    public T map(Row row, RowMetadata metadata) {
        return (T) shape.of(metadata, this::plan).create(row);
    }

    private RecordPlan plan(Columns columns) {
        return PLANS.get(type).get(columns, key -> RecordPlanner.plan(type, key));
    }
}
