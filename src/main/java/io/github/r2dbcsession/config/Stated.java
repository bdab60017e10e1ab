package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What a string states, decoded but not judged. */
final class Stated {

    /** A parameter and its place, which tells an error where it stands without saying what it is. */
    record Entry(String place, String name, String value) {}

    private static final Set<String> SECRET = Set.of("password", "sslpassword");

    final Family family;

    /** The word after {@code postgresql+}, empty in other families. */
    final String dialect;

    /** What has a place of its own, under libpq's names; hosts and ports are lists with commas, as libpq has them. */
    final Map<String, String> fields = new LinkedHashMap<>();

    /** The parameters in order; the last of a name counts, and counts before a field. */
    final List<Entry> parameters = new ArrayList<>();

    final List<String> warnings = new ArrayList<>();

    private final Map<String, String> masks =
            new TreeMap<>(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));

    Stated(Family family, String dialect) {
        this.family = family;
        this.dialect = dialect;
    }

    Stated(Family family) {
        this(family, "");
    }

    void field(String name, String value) {
        fields.put(name, value);
    }

    /**
     * States the next parameter.
     *
     * @param piece its name and value as they stand in the string
     */
    void parameter(String piece, String name, String value) {
        parameters.add(new Entry("parameter " + (parameters.size() + 1), name, value));
        if (SECRET.contains(name.toLowerCase(Locale.ROOT))) {
            mask(piece, name + "=" + Secret.MASK);
        }
    }

    /** Notes that a piece of the string holds a secret, and what may be shown instead. */
    void mask(String piece, String shown) {
        masks.put(piece, shown);
    }

    /** The string with what may be shown in place of each secret; the longest piece first, as one may be the start of another. */
    String masked(String text) {
        String masked = text;
        for (Map.Entry<String, String> mask : masks.entrySet()) {
            masked = masked.replace(mask.getKey(), mask.getValue());
        }
        return masked;
    }
}
