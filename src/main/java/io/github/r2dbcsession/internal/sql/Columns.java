package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.RowMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The columns of a result in order; equal when names and types are. */
record Columns(List<Column> list) {

    static Columns of(RowMetadata metadata) {
        List<Column> columns = new ArrayList<>();
        for (ColumnMetadata column : metadata.getColumnMetadatas()) {
            columns.add(new Column(column.getName(), columns.size(), objectId(column)));
        }
        return new Columns(List.copyOf(columns));
    }

    private static int objectId(ColumnMetadata column) {
        return column.getNativeTypeMetadata() instanceof Integer oid ? oid : 0;
    }

    /** Whether these are the columns of that result. */
    boolean describe(RowMetadata metadata) {
        List<? extends ColumnMetadata> others = metadata.getColumnMetadatas();
        boolean same = others.size() == list.size();
        for (int i = 0; same && i < others.size(); i++) {
            ColumnMetadata other = others.get(i);
            Column column = list.get(i);
            same = column.objectId() == objectId(other) && column.name().equals(other.getName());
        }
        return same;
    }

    List<String> names() {
        return list.stream().map(Column::name).toList();
    }

    Column at(int index, String target) {
        if (index < 0 || index >= list.size()) {
            throw new RowMappingException(
                    "" + index, target, "the result has " + list.size() + " columns, numbered from 0");
        }
        return list.get(index);
    }

    /** Returns the column spelled so, else the only one that differs in case. */
    Column named(String name, String target) {
        List<Column> found = where(column -> column.name().equals(name));
        if (found.isEmpty()) {
            found = where(column -> column.name().equalsIgnoreCase(name));
        }
        if (found.size() > 1) {
            throw new RowMappingException(
                    name, target, "the result has " + found.size() + " columns of that name; give them aliases");
        } else if (found.isEmpty()) {
            String nearest = NearestName.of(name, names())
                    .map(other -> "; the nearest is " + other)
                    .orElse("");
            throw new RowMappingException(name, target, "there is no such column among " + names() + nearest);
        }
        return found.get(0);
    }

    List<Column> where(Predicate<Column> condition) {
        return list.stream().filter(condition).toList();
    }
}
