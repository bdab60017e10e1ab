package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.util.Locale;

/**
 * One column of a result.
 *
 * @param objectId the type's OID, 0 when the driver does not tell
 */
record Column(String name, int index, int objectId) {

    /** Returns the built-in type, or UNSPECIFIED for all others (enums, domains of extensions, composites). */
    PostgresqlObjectId type() {
        return PostgresqlObjectId.isValid(objectId)
                ? PostgresqlObjectId.valueOf(objectId)
                : PostgresqlObjectId.UNSPECIFIED;
    }

    boolean isJson() {
        return type() == PostgresqlObjectId.JSON || type() == PostgresqlObjectId.JSONB;
    }

    /** Returns whether a record can be read from the one cell: as JSON, as a composite, or a Range. */
    boolean mayHold(Class<?> record) {
        return record == Range.class || isJson() || type() == PostgresqlObjectId.UNSPECIFIED;
    }

    String typeName() {
        return type() == PostgresqlObjectId.UNSPECIFIED
                ? "the type with OID " + Integer.toUnsignedString(objectId)
                : type().name().toLowerCase(Locale.ROOT);
    }

    RowMappingException failure(String target, String reason) {
        return new RowMappingException(name, target, reason);
    }
}
