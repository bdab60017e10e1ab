package io.github.r2dbcsession.internal.sql.bulk;

import java.lang.reflect.Array;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Writes collections and arrays as PostgreSQL has them: the number of dimensions, whether there are nulls, the type of the elements, of each
 * dimension its size and first index, then the elements.
 *
 * @param element the number of their type
 * @param dimensions how many the component has
 * @param each writes one
 */
record BinaryArray(int element, int dimensions, BinaryField each) implements BinaryField {

    private static final int NULL = -1;
    private static final int FIRST = 1;

    @Override
    public void write(RowBuffer out, Object value) {
        int begun = out.begin();
        out.putInt(dimensions);
        int nulls = out.size();
        out.putInt(0);
        out.putInt(element);
        int[] sizes = sizes(value);
        for (int size : sizes) {
            out.putInt(size);
            out.putInt(FIRST);
        }
        if (elements(out, value, sizes, 0)) {
            out.setInt(nulls, 1);
        }
        out.end(begun);
    }

    /** That of the first in each dimension; the others have to be alike. */
    private int[] sizes(Object value) {
        int[] sizes = new int[dimensions];
        Object first = value;
        for (int i = 0; i < dimensions && first != null; i++) {
            Collection<?> values = values(first);
            sizes[i] = values.size();
            first = values.isEmpty() ? null : values.iterator().next();
        }
        return sizes;
    }

    /** Writes those of a dimension; returns whether there were nulls. */
    private boolean elements(RowBuffer out, @Nullable Object value, int[] sizes, int dimension) {
        if (value == null || values(value).size() != sizes[dimension]) {
            throw new ArithmeticException();
        }
        boolean nulls = false;
        for (Object inner : values(value)) {
            if (dimension + 1 < dimensions) {
                nulls |= elements(out, inner, sizes, dimension + 1);
            } else if (inner == null) {
                out.putInt(NULL);
                nulls = true;
            } else {
                each.write(out, inner);
            }
        }
        return nulls;
    }

    private static Collection<?> values(Object value) {
        if (value instanceof Collection<?> collection) {
            return collection;
        } else if (value instanceof Object[] array) {
            return Arrays.asList(array);
        }
        return new AbstractList<@Nullable Object>() {
            @Override
            public @Nullable Object get(int index) {
                return Array.get(value, index);
            }

            @Override
            public int size() {
                return Array.getLength(value);
            }
        };
    }
}
