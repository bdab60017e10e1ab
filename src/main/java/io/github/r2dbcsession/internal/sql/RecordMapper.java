package io.github.r2dbcsession.internal.sql;

import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;

/** Fills records. */
final class RecordMapper<T> implements RowMapper<T> {

    private static final ClassValue<Shapes<RecordPlan>> PLANS = new ClassValue<>() {
        @Override
        protected Shapes<RecordPlan> computeValue(Class<?> type) {
            return new Shapes<>(columns -> RecordPlanner.plan(type, columns));
        }
    };

    private final Shapes<RecordPlan> plans;
    private final LastShape<RecordPlan> shape = new LastShape<>();

    RecordMapper(Class<T> type) {
        this.plans = PLANS.get(type);
    }

    @Override
    @SuppressWarnings("unchecked")
    public T map(Row row, RowMetadata metadata) {
        return (T) shape.of(metadata, plans::of).create(row);
    }
}
