package io.github.r2dbcsession.internal.sql.bulk;

/**
 * A column of a table as the catalog has it.
 *
 * @param table the table, quoted and with its schema
 * @param name its own name
 * @param quoted its name as SQL has it
 * @param type its type, to be cast to
 * @param oid the type's number; that of what a domain is made of
 * @param kind the type's {@code typtype}, {@code e} for an enum, {@code c} for a composite
 * @param array whether it is an array
 */
public record TableColumn(String table, String name, String quoted, String type, long oid, String kind, boolean array) {

    /** Reads the columns of the table {@code $1}, which the server resolves as it does in any statement; none where there is no such table. */
    public static final String QUERY = """
            SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS "table", a.attname::text AS name,
                   pg_catalog.quote_ident(a.attname) AS quoted, pg_catalog.format_type(a.atttypid, NULL) AS type,
                   b.oid::int8 AS oid, b.typtype::text AS kind, b.typcategory = 'A' AS "array"
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
            WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum""";
}
