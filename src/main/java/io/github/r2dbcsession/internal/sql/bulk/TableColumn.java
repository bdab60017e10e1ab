package io.github.r2dbcsession.internal.sql.bulk;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A column of a table as the catalog has it.
 *
 * @param table the table, quoted and with its schema
 * @param name its own name
 * @param quoted its name as SQL has it
 * @param type its type, to be cast to
 * @param declared the type's number
 * @param oid that of what a domain is made of, else the same
 * @param kind the type's {@code typtype}, {@code e} for an enum, {@code c} for a composite
 * @param element the number of the type of an array's elements, 0 where it is none
 * @param elementKind the {@code typtype} of that
 */
public record TableColumn(
        String table,
        String name,
        String quoted,
        String type,
        long declared,
        long oid,
        String kind,
        long element,
        String elementKind) {

    /** Reads the columns of the table {@code $1}, which the server resolves as it does in any statement; none where there is no such table. */
    public static final String QUERY = """
            SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS "table", a.attname::text AS name,
                   pg_catalog.quote_ident(a.attname) AS quoted, pg_catalog.format_type(a.atttypid, NULL) AS type,
                   a.atttypid::int8 AS declared, b.oid::int8 AS oid, b.typtype::text AS kind, COALESCE(e.oid, 0)::int8 AS element, COALESCE(e.typtype::text, '') AS element_kind
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
            LEFT JOIN pg_catalog.pg_type e ON b.typcategory = 'A' AND e.oid = b.typelem
            WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum""";

    /** Reads the {@link #outline} of the table {@code $1}, at a fraction of the cost. */
    public static final String OUTLINE = """
            SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' || a.atttypid, ', ' ORDER BY a.attnum) AS outline
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped""";

    /** Returns what differs once the columns of a table, or their types, are others. */
    public static String outline(List<TableColumn> columns) {
        return columns.stream()
                .map(column -> column.quoted + ' ' + column.declared)
                .collect(Collectors.joining(", "));
    }

    boolean isArray() {
        return element != 0;
    }

    /** Returns the column as if it held one of its array's elements. */
    TableColumn ofElements() {
        return new TableColumn(table, name, quoted, type, element, element, elementKind, 0, "");
    }
}
