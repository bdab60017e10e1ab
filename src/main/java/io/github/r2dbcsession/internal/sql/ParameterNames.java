package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.StatementException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The parameters of one statement: either {@code :name}s numbered in order of appearance, or {@code $1} to {@code $n}. */
final class ParameterNames {

    static final int MOST = 65_535;

    private final List<String> names = new ArrayList<>();
    private final Map<String, Integer> indexes = new HashMap<>();
    private boolean named;
    private int highest;

    /** Returns the number, from 1, of the parameter of that name. */
    int named(String name) {
        if (highest > 0) {
            throw mixed();
        }
        named = true;
        Integer known = indexes.get(name);
        return known != null ? known + 1 : add(name);
    }

    void numbered(int number) {
        if (named) {
            throw mixed();
        }
        highest = Math.max(highest, number);
        if (number < 1 || number > MOST) {
            throw new StatementException("parameter numbers are $1 to $" + MOST + ", was $" + number);
        }
        indexes.putIfAbsent(Integer.toString(number), number - 1);
    }

    /** Checks that numbers have no gap. */
    void complete() {
        for (int number = 1; number <= highest; number++) {
            String name = Integer.toString(number);
            if (!indexes.containsKey(name)) {
                throw new StatementException("the statement uses $" + highest + " but not $" + number
                        + ": number its parameters without a gap");
            }
            names.add(name);
        }
    }

    List<String> names() {
        return Collections.unmodifiableList(names);
    }

    int size() {
        return names.size();
    }

    boolean none() {
        return indexes.isEmpty();
    }

    /** Returns the index from 0, or -1 when the statement has no such parameter. */
    int indexOf(String name) {
        return indexes.getOrDefault(name, -1);
    }

    /** Returns a parameter as the statement spells it. */
    static String spelled(String name) {
        return (isNumber(name) ? "$" : ":") + name;
    }

    private int add(String name) {
        if (names.size() == MOST) {
            throw new StatementException("a statement has at most " + MOST + " parameters; pass an array");
        }
        indexes.put(name, names.size());
        names.add(name);
        return names.size();
    }

    private static boolean isNumber(String name) {
        return !name.isEmpty() && name.charAt(0) >= '0' && name.charAt(0) <= '9';
    }

    private static StatementException mixed() {
        return new StatementException("the statement has both :name and $1 parameters: use one kind");
    }
}
