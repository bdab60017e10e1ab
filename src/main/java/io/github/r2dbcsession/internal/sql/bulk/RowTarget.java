package io.github.r2dbcsession.internal.sql.bulk;

import io.github.r2dbcsession.sql.StatementException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A table with what of a record fills which of its columns, and the statements that take many rows as arrays, {@code :r1} to {@code :rn}.
 * Immutable.
 *
 * @param table quoted
 * @param fills the components in their order
 * @param outline that of its columns
 */
public record RowTarget(String table, List<Fill> fills, String outline) {

    /** A component and its column. */
    public record Fill(RecordPart part, TableColumn column) {

        /** Whether the column's values are sent as texts: unnest would take arrays and composites apart. */
        public boolean isText() {
            return column.isArray() || column.kind().equals("c");
        }

        /** Whether the component is pgvector's vector as people have it: its array is no array to PostgreSQL. */
        public boolean isVector() {
            return part.type() == float[].class && !column.isArray();
        }

        String quoted() {
            return column.quoted();
        }

        private String sentType() {
            return isText() ? "text" : column.type();
        }

        private String read() {
            return isText() ? "CAST(" + quoted() + " AS " + column.type() + ")" : quoted();
        }
    }

    /**
     * Finds the column of each component.
     *
     * @param named how the caller calls the table
     * @throws StatementException when there is no such table, or a component has no column
     */
    public static RowTarget of(String named, Class<?> type, List<TableColumn> columns) {
        if (columns.isEmpty()) {
            throw new StatementException(
                    "there is no table " + named
                            + "; its name is read as in SQL: quoted where it needs to be, with its schema where that is not on the search_path");
        }
        List<Fill> fills = new ArrayList<>();
        for (RecordPart part : RecordPart.of(type)) {
            fills.add(new Fill(part, column(part, type, columns)));
        }
        return new RowTarget(columns.get(0).table(), List.copyOf(fills), TableColumn.outline(columns));
    }

    private static TableColumn column(RecordPart part, Class<?> type, List<TableColumn> columns) {
        List<TableColumn> found =
                columns.stream().filter(column -> part.isNamed(column.name())).toList();
        List<TableColumn> exact = found.stream()
                .filter(column -> column.name().equals(part.name()))
                .toList();
        List<TableColumn> best = exact.isEmpty() ? found : exact;
        if (best.size() == 1) {
            return best.get(0);
        }
        throw new StatementException("component " + type.getSimpleName() + "." + part.name()
                + (best.isEmpty() ? " has no column in " : " could be several columns of ")
                + columns.get(0).table() + ", which has "
                + columns.stream().map(TableColumn::name).collect(Collectors.joining(", ")));
    }

    /** Inserts rows. */
    public String insert() {
        return "INSERT INTO " + table + " (" + all(Fill::quoted) + ") SELECT * FROM " + rows();
    }

    /** Inserts the rows that are not there, by any of the table's keys. */
    public String insertMissing() {
        return insert() + " ON CONFLICT DO NOTHING";
    }

    /** Inserts rows, or updates those that are there by a key. */
    public String upsert(String... key) {
        List<Fill> keys = keys(key);
        List<Fill> others = others(keys);
        return insert() + " ON CONFLICT (" + joined(keys, ", ", Fill::quoted) + ") DO "
                + (others.isEmpty()
                        ? "NOTHING"
                        : "UPDATE SET " + joined(others, ", ", fill -> fill.quoted() + " = excluded." + fill.quoted()));
    }

    /** Updates the rows that are there by a key. */
    public String update(String... key) {
        List<Fill> keys = keys(key);
        List<Fill> others = others(keys);
        if (others.isEmpty()) {
            throw new StatementException("an update needs a component that is not in its key");
        }
        return "UPDATE " + table + " AS target SET "
                + joined(others, ", ", fill -> fill.quoted() + " = rows." + fill.quoted())
                + " FROM " + rows() + " WHERE " + matches(keys);
    }

    /** Deletes the rows that are equal in every component. */
    public String delete() {
        return "DELETE FROM " + table + " AS target USING " + rows() + " WHERE " + matches(fills);
    }

    /** Runs any statement that reads the rows from {@code rows}. */
    public String with(String sql) {
        return "WITH rows AS (SELECT * FROM " + rows() + ") " + sql;
    }

    /** Takes rows in PostgreSQL's binary format. */
    public String copy() {
        return "COPY " + table + " (" + all(Fill::quoted) + ") FROM STDIN (FORMAT binary)";
    }

    /** The name of the array with one component of all rows. */
    public static String parameter(int index) {
        return "r" + (index + 1);
    }

    private String rows() {
        StringBuilder arrays = new StringBuilder("unnest(");
        for (int i = 0; i < fills.size(); i++) {
            arrays.append(i == 0 ? ":" : ", :")
                    .append(parameter(i))
                    .append("::")
                    .append(fills.get(i).sentType())
                    .append("[]");
        }
        String names = '(' + all(Fill::quoted) + ')';
        if (fills.stream().noneMatch(Fill::isText)) {
            return arrays + ") AS rows" + names;
        }
        return "(SELECT " + all(Fill::read) + " FROM " + arrays + ") AS sent" + names + ") AS rows" + names;
    }

    private List<Fill> keys(String... names) {
        if (names.length == 0) {
            throw new StatementException("name the components or columns that are the key");
        }
        return Arrays.stream(names).map(this::fill).toList();
    }

    private Fill fill(String name) {
        return fills.stream()
                .filter(fill -> fill.part().isNamed(name))
                .findFirst()
                .orElseThrow(
                        () -> new StatementException("the key names " + name + ", which is no component; those are "
                                + joined(fills, ", ", fill -> fill.part().name())));
    }

    private List<Fill> others(List<Fill> keys) {
        return fills.stream().filter(fill -> !keys.contains(fill)).toList();
    }

    private static String matches(List<Fill> keys) {
        return joined(keys, " AND ", fill -> "target." + fill.quoted() + " = rows." + fill.quoted());
    }

    private String all(Function<Fill, String> text) {
        return joined(fills, ", ", text);
    }

    private static String joined(List<Fill> fills, String separator, Function<Fill, String> text) {
        return fills.stream().map(text).collect(Collectors.joining(separator));
    }
}
