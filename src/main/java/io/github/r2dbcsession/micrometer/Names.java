package io.github.r2dbcsession.micrometer;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Lets so many names through, and one for all that come after them. Thread-safe. */
final class Names {

    private static final int MOST = 100;

    private final Set<String> known = ConcurrentHashMap.newKeySet();
    private final String others;

    Names(String others) {
        this.others = others;
    }

    String bounded(String name) {
        if (known.contains(name)) {
            return name;
        }
        if (known.size() >= MOST) {
            return others;
        }
        known.add(name);
        return name;
    }
}
