package io.github.r2dbcsession.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Judges what a string states by the parameter table: every value arrives with its meaning, is refused, or is dropped with a warning. */
final class Judgement {

    private final Stated stated;
    private final ParameterTable table;
    private final List<String> warnings;
    private final Map<String, String> values = new TreeMap<>();

    private Judgement(Stated stated) {
        this.stated = stated;
        this.table = ParameterTable.of(stated);
        this.warnings = new ArrayList<>(stated.warnings);
    }

    static ConnectionString of(Stated stated, String text) {
        Judgement judgement = new Judgement(stated);
        judgement.values.putAll(stated.fields);
        judgement.judgeAll();
        return judgement.connectionString(stated.masked(text));
    }

    /** Judges what is stated and what libpq's environment has beside it; the string may say where to look. */
    static ConnectionString of(Stated stated, String text, LibpqEnvironment environment) {
        Judgement judgement = new Judgement(stated);
        Map<String, String> known = new TreeMap<>(stated.fields);
        known.values().removeIf(String::isEmpty);
        for (Stated.Entry entry : stated.parameters) {
            known.put(judgement.libpqName(entry.name()), entry.value());
        }
        LibpqDefaults defaults = LibpqDefaults.find(environment, known);
        judgement.values.putAll(stated.fields);
        stated.parameters.removeIf(entry -> LibpqDefaults.PLACES.contains(entry.name()));
        judgement.judgeAll();
        ParameterTable libpq = ParameterTable.of(new Stated(Family.LIBPQ_KEYWORDS));
        defaults.found().forEach((name, value) -> judgement.judge(new Stated.Entry(name, name, value), libpq));
        defaults.session()
                .ifPresent(settings ->
                        judgement.values.merge("options", settings, (before, added) -> before + " " + added));
        judgement.warnings.addAll(defaults.warnings());
        return judgement.connectionString(stated.masked(text));
    }

    /** libpq's name for a setting, whose own or another's name and unit is stated. */
    private String libpqName(String key) {
        String name = table.find(key).map(Parameter::name).orElse(key);
        return switch (name == null ? key : name) {
            case "ssl" -> "sslmode";
            case "connectTimeout", "loginTimeout" -> "connect_timeout";
            default -> name == null ? key : name;
        };
    }

    /** Judges the last value of each setting; one that a later one replaces is not looked at. */
    private void judgeAll() {
        Map<String, Stated.Entry> last = new LinkedHashMap<>();
        for (Stated.Entry entry : stated.parameters) {
            last.put(table.find(entry.name()).map(Parameter::name).orElse(entry.name()), entry);
        }
        last.values().forEach(entry -> judge(entry, table));
    }

    private void judge(Stated.Entry entry, ParameterTable table) {
        Parameter parameter = table.find(entry.name())
                .orElseThrow(() -> new InvalidConnectionStringException(
                        entry.place(),
                        "its name is unknown; the nearest known name is " + table.nearest(entry.name())));
        String text = entry.value();
        ParameterValue value = parameter.value();
        if (value != null && parameter.name() != null) {
            values.put(
                    parameter.name(),
                    value.canonical(text)
                            .orElseThrow(() -> new InvalidConnectionStringException(
                                    value == ParameterValue.SSL_MODE ? "sslmode" : parameter.key(), value.rule)));
        } else if (parameter.isHarmless(text)) {
            if (parameter.name() != null) {
                values.put(parameter.name(), text);
            }
        } else if (parameter.ruling() == Parameter.Ruling.IGNORE) {
            warn(parameter.key(), "dropped, it has no counterpart here" + note(parameter));
        } else {
            throw new InvalidConnectionStringException(
                    parameter.key(),
                    "this value cannot be honoured and must not be dropped; remove it" + note(parameter));
        }
    }

    private static String note(Parameter parameter) {
        return parameter.note().isEmpty() ? "" : " (" + parameter.note() + ")";
    }

    private void warn(String key, String text) {
        warnings.add(key + ": " + text);
    }

    private ConnectionString connectionString(String source) {
        values.values().removeIf(String::isEmpty);
        settleTls();
        settleAddress();
        settleTimes();
        settlePgjdbc();
        Hosts hosts = Hosts.of(values.get("host"), values.get("hostaddr"), values.remove("port"));
        if (values.remove("host") == null) {
            values.remove("hostaddr");
        }
        if (!hosts.stated() && stated.family != Family.JDBC && stated.family != Family.FIELDS) {
            warn("host", "not stated, localhost is used; libpq would try a Unix socket first");
        }
        return new ConnectionString(stated.family, source, hosts, values, warnings);
    }

    private void settleTls() {
        if ("true".equals(values.remove("ssl"))) {
            values.putIfAbsent("sslmode", SslMode.VERIFY_FULL.toString());
        }
        boolean system = ConnectionString.SYSTEM_ROOTS.equals(values.get("sslrootcert"));
        SslMode absent = system ? SslMode.VERIFY_FULL : SslMode.PREFER;
        SslMode mode = SslMode.parse(values.getOrDefault("sslmode", absent.toString()));
        if (system && mode != SslMode.VERIFY_FULL) {
            throw new InvalidConnectionStringException(
                    "sslmode",
                    "must be verify-full or not stated with sslrootcert=system, as anybody can have a certificate of a public authority");
        }
        if ("direct".equals(values.get("sslnegotiation")) && !mode.requiresTls()) {
            throw new InvalidConnectionStringException(
                    "sslnegotiation", "direct needs sslmode require, verify-ca or verify-full");
        }
        if (values.getOrDefault("ssl_min_protocol_version", "TLSv1.2")
                        .compareTo(values.getOrDefault("ssl_max_protocol_version", "TLSv1.3"))
                > 0) {
            throw new InvalidConnectionStringException(
                    "ssl_max_protocol_version",
                    "must not be below ssl_min_protocol_version, which is TLSv1.2 where it is not stated");
        }
        if (values.containsKey("sslrootcert") && (mode == SslMode.PREFER || mode == SslMode.ALLOW)) {
            warn(
                    "sslrootcert",
                    "with sslmode " + mode + " a server that it does not verify is spoken to without TLS;"
                            + " ask for verify-ca or verify-full");
        }
        if (!values.containsKey("sslrootcert") && mode.verifies()) {
            warn("sslrootcert", "not stated, Java's trust store is used");
        }
    }

    /** Where the name is checked, an address says where to dial but not whom to expect. */
    private void settleAddress() {
        boolean checksName = SslMode.VERIFY_FULL.toString().equals(values.get("sslmode"))
                || ConnectionString.SYSTEM_ROOTS.equals(values.get("sslrootcert"));
        String[] names = values.getOrDefault("host", "").split(",", -1);
        String[] addresses = values.getOrDefault("hostaddr", "").split(",", -1);
        for (int i = 0; i < addresses.length && checksName; i++) {
            if (!addresses[i].isEmpty() && (i >= names.length || names[i].isEmpty())) {
                throw new InvalidConnectionStringException(
                        "hostaddr",
                        "sslmode verify-full needs the name in host too: the certificate is checked by the name, the"
                                + " address only says where to dial");
            }
        }
    }

    private void settleTimes() {
        String login = values.remove("loginTimeout");
        if (login != null && !login.equals("0")) {
            if (values.putIfAbsent("connect_timeout", login) != null) {
                warn("loginTimeout", "dropped, connectTimeout is stated and covers the login here");
            }
        }
        String connect = values.get("connectTimeout");
        if (connect != null && Duration.parse(connect).toNanosPart() == 0) {
            values.remove("connectTimeout");
            values.put("connect_timeout", String.valueOf(Duration.parse(connect).toSeconds()));
        }
    }

    private void settlePgjdbc() {
        String threshold = values.remove("prepareThreshold");
        if ("0".equals(threshold)) {
            values.put("preparedStatementCacheQueries", "0");
        } else if (threshold != null && !threshold.equals("5")) {
            warn("prepareThreshold", "dropped, statements are prepared at once here unless it is 0");
        }
        if ("true".equals(values.remove("readOnly"))) {
            values.merge("options", "-c default_transaction_read_only=on", (before, added) -> before + " " + added);
        }
    }
}
