package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Row;
import io.github.r2dbcsession.sql.RowMappingException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One row of the driver, read through the checked readers of its result. */
final class RowView implements Row {

    private static final String REMEDY = "use find, which gives an Optional";

    private final io.r2dbc.spi.Row row;
    private final ColumnReaders readers;

    RowView(io.r2dbc.spi.Row row, ColumnReaders readers) {
        this.row = row;
        this.readers = readers;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T get(String column, Class<T> type) {
        return (T) readers.named(column, type).readNotNull(row, REMEDY);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> T get(int index, Class<T> type) {
        return (T) readers.numbered(index, type).readNotNull(row, REMEDY);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> Optional<T> find(String column, Class<T> type) {
        return Optional.ofNullable((T) readers.named(column, type).read(row));
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> Optional<T> find(int index, Class<T> type) {
        return Optional.ofNullable((T) readers.numbered(index, type).read(row));
    }

    @Override
    public List<String> columnNames() {
        return readers.names();
    }

    @Override
    public Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (Column column : readers.columns()) {
            if (map.containsKey(column.name())) {
                throw new RowMappingException(column.name(), "Map", "the result has it twice; give one an alias");
            }
            map.put(
                    column.name(),
                    readers.numbered(column.index(), Object.class).read(row));
        }
        return map;
    }

    /** Returns the names only: cells never appear in a text. */
    @Override
    public String toString() {
        return "Row" + columnNames();
    }
}
