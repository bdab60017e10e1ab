package io.github.r2dbcsession.internal.sql.bulk;

import java.lang.invoke.MethodType;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.Collection;

/**
 * What collections and arrays hold in the end, as a declared type says.
 *
 * @param type boxed
 * @param dimensions how many of them are inside one another; 0 where it is neither
 */
record Elements(Class<?> type, int dimensions) {

    static Elements of(Type declared) {
        if (declared instanceof GenericArrayType array) {
            return within(array.getGenericComponentType());
        } else if (declared instanceof WildcardType any) {
            return of(any.getUpperBounds()[0]);
        } else if (declared instanceof ParameterizedType generic) {
            Class<?> raw = (Class<?>) generic.getRawType();
            return Collection.class.isAssignableFrom(raw)
                    ? within(generic.getActualTypeArguments()[0])
                    : new Elements(raw, 0);
        }
        Class<?> type = declared instanceof Class<?> known ? known : Object.class;
        return type.isArray() && type != byte[].class
                ? within(type.getComponentType())
                : new Elements(MethodType.methodType(type).wrap().returnType(), 0);
    }

    private static Elements within(Type outer) {
        Elements inner = of(outer);
        return new Elements(inner.type, inner.dimensions + 1);
    }
}
