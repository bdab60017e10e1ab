package io.github.r2dbcsession.internal.sql;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The readers that were asked for on the rows of one result. Thread-safe. */
final class ColumnReaders {

    private record Named(String column, Class<?> type) {}

    private record Numbered(int index, Class<?> type) {}

    private final Columns columns;
    private final Map<Object, ColumnReader> readers = new ConcurrentHashMap<>();

    ColumnReaders(Columns columns) {
        this.columns = columns;
    }

    List<Column> columns() {
        return columns.list();
    }

    List<String> names() {
        return columns.names();
    }

    ColumnReader named(String column, Class<?> type) {
        return readers.computeIfAbsent(
                new Named(column, type),
                key -> ColumnReader.of(columns.named(column, type.getTypeName()), type, type.getTypeName()));
    }

    ColumnReader numbered(int index, Class<?> type) {
        return readers.computeIfAbsent(
                new Numbered(index, type),
                key -> ColumnReader.of(columns.at(index, type.getTypeName()), type, type.getTypeName()));
    }
}
