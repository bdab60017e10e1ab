package io.github.r2dbcsession.internal.sql;

import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.Objects;
import java.util.function.Function;

/** Hands each row to a function. */
final class FunctionMapper<T> implements RowMapper<T> {

    private final Function<? super io.github.r2dbcsession.sql.Row, ? extends T> function;
    private final LastShape<ColumnReaders> shape = new LastShape<>();

    FunctionMapper(Function<? super io.github.r2dbcsession.sql.Row, ? extends T> function) {
        this.function = function;
    }

    @Override
    public T map(Row row, RowMetadata metadata) {
        return Objects.requireNonNull(
                function.apply(new RowView(row, shape.of(metadata, seen -> new ColumnReaders(Columns.of(seen))))),
                "the function that maps a row returned null; return an Optional");
    }
}
