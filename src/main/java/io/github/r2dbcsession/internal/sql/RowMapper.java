package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.RowMetadata;
import java.util.Map;
import java.util.function.Function;

/**
 * Turns a row of the driver into a value. Thread-safe.
 *
 * <p>One mapper per query: it remembers the shape of the result it saw last.
 */
@FunctionalInterface
public interface RowMapper<T> {

    /**
     * Maps one row; the result is never null.
     *
     * @throws RowMappingException when a column is missing, null or does not fit
     */
    T map(Row row, RowMetadata metadata);

    /**
     * Returns the mapper to a type.
     *
     * <p>A record is filled by its canonical constructor: component {@code ownerName} from column {@code owner_name} (or any
     * spelling that differs only in case and underscores), a record inside it from the columns with its component's name
     * before theirs; columns that no component asks for are left alone. {@code Map} holds every column. Any other type is
     * read from the one column that the result must then have.
     */
    static <T> RowMapper<T> of(Class<T> type) {
        if (type.isRecord() && type != Range.class) {
            return new RecordMapper<>(type);
        } else if (type == Map.class) {
            return of(row -> type.cast(row.toMap()));
        }
        return new ScalarMapper<>(type);
    }

    /** Returns the mapper that hands each row to a function. */
    static <T> RowMapper<T> of(Function<? super io.github.r2dbcsession.sql.Row, ? extends T> function) {
        return new FunctionMapper<>(function);
    }
}
