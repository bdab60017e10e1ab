package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;

/** Reads the only column of a result. */
final class ScalarMapper<T> implements RowMapper<T> {

    private final Class<T> type;
    private final LastShape<ColumnReader> shape = new LastShape<>();

    ScalarMapper(Class<T> type) {
        this.type = type;
    }

    @Override
    @SuppressWarnings("unchecked")
    public T map(Row row, RowMetadata metadata) {
        return (T) shape.of(metadata, this::reader)
                .readNotNull(row, "use COALESCE, or map(row -> row.find(...)) which gives an Optional");
    }

    private ColumnReader reader(Columns columns) {
        if (columns.list().size() != 1) {
            throw new RowMappingException(
                    String.join(", ", columns.names()),
                    type.getTypeName(),
                    "the result must have one column, has " + columns.list().size() + "; map several to a record");
        }
        return ColumnReader.of(columns.list().get(0), type, type.getTypeName());
    }
}
