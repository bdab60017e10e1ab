package io.github.r2dbcsession.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** libpq's service file: settings in groups, {@code [name]} above lines of {@code setting=value}. */
final class ServiceFile {

    private static final String NAME = "pg_service.conf";

    private ServiceFile() {}

    /**
     * The settings of a service, from the user's file or else the system's.
     *
     * @param file the user's file, empty for the one in the home directory
     */
    static Map<String, String> settings(String service, Optional<String> file, LibpqEnvironment environment) {
        Path users = file.map(Path::of).orElseGet(() -> environment.inHome("." + NAME));
        Optional<List<String>> lines = environment.lines(users);
        if (file.isPresent() && lines.isEmpty()) {
            throw new InvalidConnectionStringException("servicefile", "the service file cannot be read");
        }
        return lines.flatMap(text -> group(service, text))
                .or(() -> environment
                        .variable("PGSYSCONFDIR")
                        .flatMap(folder -> environment.lines(Path.of(folder, NAME)))
                        .flatMap(text -> group(service, text)))
                .orElseThrow(() -> new InvalidConnectionStringException(
                        "service", "it is in no service file; looked in the user's and in PGSYSCONFDIR's"));
    }

    /** The settings of a group, the first of a name counts; empty when the group is not there. */
    private static Optional<Map<String, String>> group(String service, List<String> lines) {
        Map<String, String> settings = null;
        for (String line : lines) {
            String text = line.strip();
            if (text.startsWith("[")) {
                if (settings != null) {
                    break;
                }
                settings = text.startsWith("[" + service + "]") ? new LinkedHashMap<>() : null;
            } else if (settings != null && !text.isEmpty() && !text.startsWith("#")) {
                put(text, settings);
            }
        }
        return Optional.ofNullable(settings);
    }

    private static void put(String text, Map<String, String> settings) {
        int equals = text.indexOf('=');
        String name = equals < 0 ? "" : text.substring(0, equals);
        boolean known = ParameterTable.ROWS.stream()
                .anyMatch(row -> row.family().equals("libpq") && row.key().equals(name));
        if (!known || name.startsWith("service")) {
            throw new InvalidConnectionStringException(
                    "service", "its group in the service file must have lines of setting=value, no service among them");
        }
        settings.putIfAbsent(name, text.substring(equals + 1));
    }
}
