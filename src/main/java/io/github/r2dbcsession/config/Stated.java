package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a string states, decoded but not judged. */
final class Stated {

    /** A parameter and its place, which tells an error where it stands without saying what it is. */
    record Entry(String place, String name, String value) {}

    final Family family;

    /** The word after {@code postgresql+}, empty in other families. */
    final String dialect;

    /** What has a place of its own, under libpq's names; hosts and ports are lists with commas, as libpq has them. */
    final Map<String, String> fields = new LinkedHashMap<>();

    /** The parameters in order; the last of a name counts, and counts before a field. */
    final List<Entry> parameters = new ArrayList<>();

    final List<String> warnings = new ArrayList<>();

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

    void parameter(String name, String value) {
        parameters.add(new Entry("parameter " + (parameters.size() + 1), name, value));
    }
}
