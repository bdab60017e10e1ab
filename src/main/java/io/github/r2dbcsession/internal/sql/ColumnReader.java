package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.internal.cell.Cell;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.spi.Row;
import java.lang.reflect.Array;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads one column as one Java type. Immutable. */
final class ColumnReader {

    private static final String ARRAY = "_ARRAY";

    private final Column column;
    private final String target;
    private final Conversion conversion;
    private final @Nullable CellReader bytes;

    private ColumnReader(Column column, String target, Conversion conversion) {
        this.column = column;
        this.target = target;
        this.conversion = conversion;
        this.bytes = CellReaders.of(column.type(), conversion.source());
    }

    /**
     * Returns the reader.
     *
     * @param target how messages name what is filled
     * @throws RowMappingException when no value of the column's type can be read so
     */
    static ColumnReader of(Column column, Type declared, String target) {
        try {
            return new ColumnReader(column, target, conversion(column, declared));
        } catch (Conversion.Failure e) {
            throw column.failure(target, "its type is " + column.typeName() + ": " + e.reason());
        }
    }

    private static Conversion conversion(Column column, Type declared) {
        Class<?> asked = Types.raw(declared);
        Class<?> type = asked == Object.class ? Natural.of(column.type()) : asked;
        if (column.isJson()) {
            return Conversion.json(declared);
        } else if (type == List.class) {
            Conversion array = array(column, Types.argument(declared));
            return new Conversion(
                    array.source(),
                    array.convert()
                            .andThen(elements -> Collections.unmodifiableList(Arrays.asList((Object[]) elements))));
        } else if (type.isArray() && type != byte[].class) {
            return array(column, type.getComponentType());
        }
        return cell(column, column.type(), declared);
    }

    private static Conversion cell(Column column, PostgresqlObjectId type, Type declared) {
        if (Types.raw(declared) == Range.class && declared instanceof Class) {
            RangeType range = RangeType.of(column.objectId());
            return Conversion.range(range == null ? String.class : range.bound());
        }
        return Conversion.of(type, declared);
    }

    /** Returns the value, or null when the column is. */
    @Nullable
    Object read(Row row) {
        Object value = ask(row);
        if (value == null) {
            return null;
        }
        try {
            return conversion.convert().apply(value);
        } catch (Conversion.Failure e) {
            throw column.failure(target, e.reason());
        }
    }

    Object readNotNull(Row row, String remedy) {
        Object value = read(row);
        if (value == null) {
            throw column.failure(target, "it is null; " + remedy);
        }
        return value;
    }

    /** Returns what the driver reads, of the common run without its doing. Its own message may quote the value: it is not passed on. */
    private @Nullable Object ask(Row row) {
        try {
            if (bytes != null) {
                Cell cell = row.get(column.index(), Cell.class);
                Object value = cell == null || !cell.isTold() ? null : bytes.read(cell.bytes(), cell.length());
                if (cell == null || value != null) {
                    return value;
                }
            }
            return row.get(column.index(), conversion.source());
        } catch (IllegalStateException e) {
            throw e;
        } catch (RuntimeException e) {
            throw column.failure(
                    target,
                    "the driver reads no " + conversion.source().getTypeName() + " from this value of "
                            + column.typeName()
                            + (conversion.source() == String.class
                                    ? "; cast it in the statement"
                                    : "; read it as String, or cast it in the statement"));
        }
    }

    private static Conversion array(Column column, Type of) {
        PostgresqlObjectId type = column.type();
        Class<?> component = Types.raw(of);
        if (type == PostgresqlObjectId.UNSPECIFIED && (component == float.class || component == Float.class)) {
            return Conversion.vector(component);
        } else if (type == PostgresqlObjectId.UNSPECIFIED && component.isPrimitive()) {
            return Conversion.none(component.arrayType());
        }
        PostgresqlObjectId element = elementType(type);
        if (component.isArray() && component != byte[].class) {
            return nested(element, component.arrayType());
        }
        if (element == PostgresqlObjectId.BOX && component == String.class) {
            throw new Conversion.Failure("the driver parts boxes at the wrong character; read it as Box[]");
        }
        if (component == byte[].class
                && element != PostgresqlObjectId.BYTEA
                && element != PostgresqlObjectId.UNSPECIFIED) {
            throw new Conversion.Failure("its elements are no bytea");
        }
        // the driver reads no array of bytea
        Conversion each = component == byte[].class
                ? new Conversion(String.class, value -> Conversion.bytes((String) value))
                : cell(column, element, component.isPrimitive() ? Types.boxed(component) : of);
        return new Conversion(
                each.source().arrayType(), array -> elements((Object[]) array, component, each.convert()));
    }

    private static Conversion nested(PostgresqlObjectId element, Class<?> target) {
        Class<?> leaf = target;
        while (leaf.isArray()) {
            leaf = leaf.getComponentType();
        }
        if (Conversion.of(element, leaf).source() != leaf) {
            throw new Conversion.Failure("an array of arrays is read only in its own element type");
        }
        return Conversion.none(target);
    }

    private static Object elements(Object[] from, Class<?> component, Function<Object, Object> convert) {
        Object to = Array.newInstance(component, from.length);
        for (int i = 0; i < from.length; i++) {
            if (from[i] != null) {
                Array.set(to, i, convert.apply(from[i]));
            } else if (component.isPrimitive()) {
                throw new Conversion.Failure("it has a null element; read it as "
                        + Types.boxed(component).getSimpleName() + "[]");
            }
        }
        return to;
    }

    private static PostgresqlObjectId elementType(PostgresqlObjectId type) {
        if (type == PostgresqlObjectId.UNSPECIFIED) {
            return type;
        } else if (!type.name().endsWith(ARRAY)) {
            throw new Conversion.Failure("it is not an array");
        }
        return PostgresqlObjectId.valueOf(type.name().substring(0, type.name().length() - ARRAY.length()));
    }
}
