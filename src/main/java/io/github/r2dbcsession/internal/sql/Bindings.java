package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values given for a statement's parameters. The last value given for a name wins.
 *
 * <p>Values are turned into what the driver encodes when they are given, so a collection may change afterwards: collections
 * and primitive arrays become PostgreSQL arrays, an {@code Optional} its value or null, an enum its constant's name (fitting
 * text and enum columns alike), a {@code Duration} and a {@code Period} an interval, a {@code Character} a text, a record a composite.
 * A null without a type, and an empty collection without one, take the type that the statement expects there. Where it expects none, as in
 * {@code :id IS NULL OR id = :id}, PostgreSQL refuses them: cast ({@code :id::bigint}) or name the type.
 *
 * <p>Immutable.
 */
public final class Bindings {

    private static final Bindings NONE = new Bindings(null, "", "");

    private final @Nullable Bindings earlier;
    private final String name;
    private final Object value;

    private Bindings(@Nullable Bindings earlier, String name, Object value) {
        this.earlier = earlier;
        this.name = name;
        this.value = value;
    }

    /** Returns the bindings of a statement without parameters. */
    public static Bindings none() {
        return NONE;
    }

    /** Adds a value for {@code :name}. */
    public Bindings with(String name, @Nullable Object value) {
        return new Bindings(this, name, ParameterValue.of(name, value));
    }

    /** Adds a value for {@code $index}. Numbers begin at 1. */
    public Bindings with(int index, @Nullable Object value) {
        return with(numbered(index), value);
    }

    /** Adds an array of that element type for {@code :name}; needed where the collection may be empty and PostgreSQL cannot tell its type. */
    public Bindings with(String name, Collection<?> values, Class<?> elementType) {
        return new Bindings(this, name, ArrayValue.of(name, values, elementType));
    }

    /** Adds an array of that element type for {@code $index}. Numbers begin at 1. */
    public Bindings with(int index, Collection<?> values, Class<?> elementType) {
        return with(numbered(index), values, elementType);
    }

    /** Adds a null of that type for {@code :name}; needed where PostgreSQL cannot tell its type. */
    public Bindings withNull(String name, Class<?> type) {
        return new Bindings(this, name, ParameterValue.ofNull(type));
    }

    /** Adds a null of that type for {@code $index}. Numbers begin at 1. */
    public Bindings withNull(int index, Class<?> type) {
        return withNull(numbered(index), type);
    }

    /**
     * Looks at a value that has a place rather than a name.
     *
     * @throws StatementException when it cannot be stored as it is; the message names the place and never the value
     */
    public static void check(String place, @Nullable Object value) {
        try {
            ParameterValue.of(value);
        } catch (Conversion.Failure e) {
            throw new StatementException(place + ": " + e.reason());
        }
    }

    /**
     * Binds every parameter of the statement.
     *
     * @throws StatementException when a parameter has no value, a value no parameter, or a value's class no PostgreSQL type
     */
    public void bindTo(Statement statement, ParsedSql sql) {
        ParameterNames parameters = sql.parameters();
        @Nullable Object[] values = new @Nullable Object[parameters.size()];
        boolean fits = true;
        for (Bindings binding = this; binding.earlier != null; binding = binding.earlier) {
            int index = parameters.indexOf(binding.name);
            if (index < 0) {
                fits = false;
            } else if (values[index] == null) {
                values[index] = binding.value;
            }
        }
        for (Object value : values) {
            fits &= value != null;
        }
        if (!fits) {
            throw misfit(parameters, values);
        }
        for (int index = 0; index < values.length; index++) {
            Object value = values[index];
            if (value != null) {
                bind(statement, index, value, parameters);
            }
        }
    }

    private StatementException misfit(ParameterNames parameters, @Nullable Object[] values) {
        Set<String> unknown = new LinkedHashSet<>();
        for (Bindings binding = this; binding.earlier != null; binding = binding.earlier) {
            if (parameters.indexOf(binding.name) < 0) {
                unknown.add(binding.name);
            }
        }
        List<String> missing = new ArrayList<>();
        for (int index = 0; index < values.length; index++) {
            if (values[index] == null) {
                missing.add(parameters.names().get(index));
            }
        }
        List<String> faults = new ArrayList<>();
        for (String name : unknown) {
            faults.add("the statement has no parameter " + ParameterNames.spelled(name)
                    + NearestName.of(name, parameters.names())
                            .map(nearest -> ", the nearest is " + ParameterNames.spelled(nearest))
                            .orElse(""));
        }
        if (!missing.isEmpty()) {
            faults.add("no value was bound for "
                    + String.join(
                            ", ", missing.stream().map(ParameterNames::spelled).toList()));
        }
        return new StatementException(String.join("; ", faults));
    }

    /** The driver's own message would quote the value: it is not passed on. */
    private static void bind(Statement statement, int index, Object value, ParameterNames parameters) {
        try {
            statement.bind(index, value);
        } catch (IllegalArgumentException e) {
            throw new StatementException(
                    "parameter " + ParameterNames.spelled(parameters.names().get(index))
                            + ": the driver has no PostgreSQL type for " + className(value));
        }
    }

    private static String className(Object value) {
        Object inner = value instanceof Parameter parameter ? parameter.getValue() : value;
        if (inner == null) {
            return ((Parameter) value).getType().getJavaType().getTypeName() + " (null)";
        }
        return inner.getClass().getTypeName();
    }

    private static String numbered(int index) {
        if (index < 1) {
            throw new StatementException("parameters are numbered from 1, was " + index);
        }
        return Integer.toString(index);
    }

    /** Returns the names only: values never appear in a text. */
    @Override
    public String toString() {
        Set<String> names = new LinkedHashSet<>();
        for (Bindings binding = this; binding.earlier != null; binding = binding.earlier) {
            names.add(binding.name);
        }
        return "Bindings" + names;
    }
}
