package io.github.r2dbcsession.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The parameter table, {@code parameters.tsv}, and which of its families a string's parameters are looked up in. */
final class ParameterTable {

    /** What a libpq URI calls a setting that only the R2DBC driver has: this and the driver's name. */
    static final String DRIVER_PREFIX = "r2dbc.";

    static final List<Parameter> ROWS = load();

    private static final Map<Family, ParameterTable> TABLES =
            Stream.of(Family.values()).collect(Collectors.toUnmodifiableMap(family -> family, ParameterTable::table));
    private static final ParameterTable PSYCOPG = psycopg();

    private final Map<String, Parameter> byKey = new LinkedHashMap<>();

    private ParameterTable() {}

    static ParameterTable of(Stated stated) {
        return stated.dialect.startsWith("psycopg") ? PSYCOPG : Objects.requireNonNull(TABLES.get(stated.family));
    }

    private static ParameterTable table(Family family) {
        ParameterTable table = new ParameterTable();
        return switch (family) {
            case JDBC -> table.add("pgjdbc");
            case R2DBC -> table.add("r2dbc").add("r2dbc-pool");
            case SQLALCHEMY -> table.add("libpq").add("sqlalchemy");
            case LIBPQ_URI, LIBPQ_KEYWORDS, FIELDS -> table.add("libpq").addDriverOnly();
        };
    }

    /** psycopg hands parameters on to libpq, which has not those of other drivers. */
    private static ParameterTable psycopg() {
        ParameterTable table = table(Family.SQLALCHEMY);
        List.of("ssl", "timeout", "database").forEach(table.byKey::remove);
        return table;
    }

    private ParameterTable add(String family) {
        ROWS.stream().filter(row -> row.family().equals(family)).forEach(row -> byKey.put(row.key(), row));
        return this;
    }

    private ParameterTable addDriverOnly() {
        ROWS.stream()
                .filter(row -> row.family().equals("r2dbc")
                        && row.key().equals(row.name())
                        && !row.key().equals("ssl"))
                .filter(row -> !byKey.containsKey(row.key()))
                .forEach(row -> byKey.put(DRIVER_PREFIX + row.key(), row));
        return this;
    }

    Optional<Parameter> find(String key) {
        return Optional.ofNullable(byKey.get(key));
    }

    /** The known name that is most like a name. */
    String nearest(String key) {
        String wanted = key.toLowerCase(Locale.ROOT);
        return byKey.keySet().stream()
                .min(Comparator.comparingInt(known -> distance(known.toLowerCase(Locale.ROOT), wanted)))
                .orElseThrow();
    }

    /** Edits that turn one text into the other; a long text is cut, it is like none. */
    private static int distance(String one, String longOther) {
        String other = longOther.substring(0, Math.min(longOther.length(), 64));
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }

    private static List<Parameter> load() {
        try (InputStream file = Objects.requireNonNull(
                        ParameterTable.class.getResourceAsStream("parameters.tsv"), "parameters.tsv");
                BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            return lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .skip(1)
                    .map(ParameterTable::row)
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Parameter row(String line) {
        String[] cells = line.split("\t", -1);
        return new Parameter(
                cells[0],
                cells[1],
                Parameter.Ruling.valueOf(cells[2].toUpperCase(Locale.ROOT)),
                cells[3].equals("-") ? null : cells[3],
                cells[4].equals("-") ? null : ParameterValue.valueOf(cells[4]),
                cells[5].equals("-")
                        ? List.of()
                        : Stream.of(cells[5].split("\\|", -1)).toList(),
                cells.length > 6 ? cells[6] : "");
    }
}
