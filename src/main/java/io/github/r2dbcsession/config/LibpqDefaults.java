package io.github.r2dbcsession.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds what a string does not state, in libpq's order: service file, variables, the system's user, password file, certificates. */
final class LibpqDefaults {

    /** libpq's settings and their variables. */
    static final Map<String, String> VARIABLES = variables();

    /** What tells where to look and is no setting of a connection. */
    static final Set<String> PLACES = Set.of("service", "servicefile", "passfile");

    private final LibpqEnvironment environment;

    /** What is stated or found so far, by libpq's names; an empty value is stated too. */
    private final Map<String, String> known;

    private final Map<String, String> found = new LinkedHashMap<>();
    private final Map<String, String> session = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();

    private LibpqDefaults(LibpqEnvironment environment, Map<String, String> stated) {
        this.environment = environment;
        this.known = new HashMap<>(stated);
    }

    /**
     * Looks for everything.
     *
     * @param stated what the string states, by libpq's names
     */
    static LibpqDefaults find(LibpqEnvironment environment, Map<String, String> stated) {
        LibpqDefaults defaults = new LibpqDefaults(environment, stated);
        defaults.service();
        VARIABLES.forEach(
                (name, variable) -> environment.variable(variable).ifPresent(value -> defaults.fill(name, value)));
        environment
                .variable("PGREQUIRESSL")
                .filter(value -> value.startsWith("1"))
                .ifPresent(value -> defaults.fill("sslmode", "require"));
        defaults.user();
        defaults.password();
        defaults.certificates();
        defaults.session("PGTZ", "TimeZone");
        defaults.session("PGGEQO", "geqo");
        environment
                .variable("PGDATESTYLE")
                .ifPresent(value ->
                        defaults.warnings.add("PGDATESTYLE: not read, the driver needs the style ISO and sets it"));
        return defaults;
    }

    /** What was found, without what only tells where to look. */
    Map<String, String> found() {
        return found;
    }

    /** Settings of the session, in the form of libpq's options. Like libpq's they win over options. */
    Optional<String> session() {
        return session.isEmpty()
                ? Optional.empty()
                : Optional.of(StartupOptions.of(session).toString());
    }

    List<String> warnings() {
        return warnings;
    }

    private void session(String variable, String setting) {
        environment
                .variable(variable)
                .filter(value -> !value.equalsIgnoreCase("default"))
                .ifPresent(value -> session.put(setting, value));
    }

    private void fill(String name, String value) {
        if (known.putIfAbsent(name, value) == null && !PLACES.contains(name)) {
            found.put(name, value);
        }
    }

    private void service() {
        String service = known.containsKey("service")
                ? known.get("service")
                : environment.variable("PGSERVICE").orElse("");
        if (!service.isEmpty()) {
            Optional<String> file =
                    Optional.ofNullable(known.get("servicefile")).or(() -> environment.variable("PGSERVICEFILE"));
            ServiceFile.settings(service, file, environment).forEach(this::fill);
        }
    }

    /** The system's user, also where an empty one is stated. */
    private void user() {
        if (stated("user").isEmpty() && !environment.user().isEmpty()) {
            known.put("user", environment.user());
            found.put("user", environment.user());
        }
    }

    private void password() {
        if (!stated("password").isEmpty()) {
            return;
        }
        Path file = stated("passfile").isEmpty() ? environment.inHome(".pgpass") : Path.of(stated("passfile"));
        if (!environment.hasFile(file)) {
            return;
        }
        if (environment.isOpenToOthers(file)) {
            warnings.add("passfile: not read, as group or others have access to it; make it 0600");
            return;
        }
        String hosts = stated("host").isEmpty() ? stated("hostaddr") : stated("host");
        String user = stated("user");
        String database = stated("dbname").isEmpty() ? user : stated("dbname");
        PasswordFile.password(environment.lines(file).orElse(List.of()), hosts, stated("port"), database, user)
                .ifPresent(password -> found.put("password", password));
    }

    /** The files in the home directory, where they are there. */
    private void certificates() {
        certificate("sslcert", "postgresql.crt");
        if (known.containsKey("sslcert")) {
            certificate("sslkey", "postgresql.key");
        }
        certificate("sslrootcert", "root.crt");
        if (known.containsKey("sslrootcert") && !known.containsKey("sslcrldir")) {
            certificate("sslcrl", "root.crl");
        }
    }

    private void certificate(String name, String file) {
        Path path = environment.inHome(".postgresql").resolve(file);
        if (environment.hasFile(path)) {
            fill(name, path.toString());
        }
    }

    private String stated(String name) {
        return known.getOrDefault(name, "");
    }

    private static Map<String, String> variables() {
        Map<String, String> variables = new LinkedHashMap<>();
        for (String name : List.of(
                "user",
                "password",
                "host",
                "port",
                "options",
                "sslmode",
                "sslcert",
                "sslkey",
                "sslrootcert",
                "sslcrl",
                "sslcrldir",
                "sslsni",
                "sslcertmode",
                "sslcompression",
                "sslnegotiation",
                "gssencmode",
                "krbsrvname",
                "gsslib",
                "gssdelegation",
                "connect_timeout",
                "hostaddr",
                "passfile",
                "requirepeer")) {
            variables.put(name, "PG" + name.toUpperCase(java.util.Locale.ROOT));
        }
        variables.put("dbname", "PGDATABASE");
        variables.put("application_name", "PGAPPNAME");
        for (String name : List.of(
                "client_encoding",
                "channel_binding",
                "require_auth",
                "ssl_min_protocol_version",
                "ssl_max_protocol_version",
                "min_protocol_version",
                "max_protocol_version",
                "target_session_attrs",
                "load_balance_hosts")) {
            variables.put(name, "PG" + name.toUpperCase(java.util.Locale.ROOT).replace("_", ""));
        }
        return variables;
    }
}
