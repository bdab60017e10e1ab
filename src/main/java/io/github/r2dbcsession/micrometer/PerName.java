package io.github.r2dbcsession.micrometer;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Something for each name, of which so many are told apart; all that come after them share one. Thread-safe. */
final class PerName<V> {

    private static final int MOST = 100;

    private final Map<String, V> known = new ConcurrentHashMap<>();
    private final Function<String, V> make;
    private final V others;

    /**
     * Knows no name yet.
     *
     * @param others the name that all others go by
     */
    PerName(String others, Function<String, V> make) {
        this.make = make;
        this.others = make.apply(others);
    }

    V of(String name) {
        V value = known.get(name);
        if (value != null) {
            return value;
        }
        return known.size() < MOST ? known.computeIfAbsent(name, make) : others;
    }
}
