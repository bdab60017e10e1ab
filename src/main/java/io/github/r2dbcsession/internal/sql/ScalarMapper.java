package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;

/** Reads the only column of a result. */
final class ScalarMapper<T> implements RowMapper<T> {

    private static final ClassValue<Shapes<ColumnReader>> READERS = new ClassValue<>() {
        @Override
        protected Shapes<ColumnReader> computeValue(Class<?> type) {
            return new Shapes<>(columns -> reader(type, columns));
        }
    };

    private final Shapes<ColumnReader> readers;
    private final LastShape<ColumnReader> shape = new LastShape<>();

    ScalarMapper(Class<T> type) {
        this.readers = READERS.get(type);
    }

    @Override
    @SuppressWarnings("unchecked")
    public T map(Row row, RowMetadata metadata) {
        return (T) shape.of(metadata, readers::of)
                .readNotNull(row, "use COALESCE, or map(row -> row.find(...)) which gives an Optional");
    }

    private static ColumnReader reader(Class<?> type, Columns columns) {
        if (columns.list().size() != 1) {
            throw new RowMappingException(
                    String.join(", ", columns.names()),
                    type.getTypeName(),
                    "the result must have one column, has " + columns.list().size() + "; map several to a record");
        }
        return ColumnReader.of(columns.list().get(0), type, type.getTypeName());
    }
}
