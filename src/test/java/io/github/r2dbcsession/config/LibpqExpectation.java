package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a string must mean by rules 1 to 3: libpq's reading where it is sane, else that of the first later {@code @} which libpq reads
 * sane once what stands before is escaped.
 */
final class LibpqExpectation {

    static final String REFUSED = "refused";

    /**
     * What must be read, as one line.
     *
     * @param rule the rule that makes it differ from libpq's own reading
     * @param values what libpq reads, empty when it refuses
     */
    record Reading(String told, Optional<StatedRule> rule, Map<String, String> values) {}

    private static final Pattern FIRST_PARAMETER = Pattern.compile("\\?[A-Za-z_][\\w.-]*=");
    private static final String TEXT = " *([^=& %]|%(?!00)[0-9A-Fa-f]{2})* *";
    private static final Pattern PARAMETERS =
            Pattern.compile("(" + TEXT + "=" + TEXT + "(&" + TEXT + "=" + TEXT + ")*)?");
    private static final Pattern INSANE = Pattern.compile("[@/?#\\[\\]:\\s\\p{Cntrl}]");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*(%\\w+)?");
    private static final Set<String> PLACES =
            Set.of("host", "hostaddr", "port", "user", "password", "dbname", "sslpassword");
    private static final Set<String> FREE_TEXT = Set.of(
            "application_name",
            "fallback_application_name",
            "options",
            "sslrootcert",
            "sslcert",
            "sslkey",
            "sslcrl",
            "sslcrldir");
    private static final Set<String> SWITCHES = Set.of("keepalives", "sslsni");

    private final Libpq libpq;

    LibpqExpectation(Libpq libpq) {
        this.libpq = libpq;
    }

    Reading of(String text) {
        Optional<Map<String, String>> theirs = libpq.read(text);
        boolean uri = text.startsWith("postgres") && text.contains("://");
        if (theirs.filter(values -> isSane(values, uri ? afterUserinfo(text) : ""))
                .isPresent()) {
            return new Reading(told(theirs.get()), Optional.empty(), theirs.get());
        }
        Reading refused = new Reading(
                REFUSED,
                theirs.isPresent() ? Optional.of(StatedRule.INSANE_HOST) : Optional.empty(),
                theirs.orElse(Map.of()));
        boolean standing = uri && isSaneButForItsQuery(text, afterUserinfo(text));
        return uri && !standing ? repaired(text).orElse(refused) : refused;
    }

    /** What stands behind the userinfo, which libpq ends at the first at sign before any slash. */
    private static String afterUserinfo(String text) {
        String rest = text.substring(text.indexOf("://") + 3);
        int slash = rest.indexOf('/');
        int at = rest.indexOf('@');
        return slash >= 0 && slash < at ? rest : rest.substring(at + 1);
    }

    private Optional<Reading> repaired(String text) {
        String scheme = text.substring(0, text.indexOf("://") + 3);
        String rest = text.substring(scheme.length());
        Matcher parameter = FIRST_PARAMETER.matcher(rest);
        int end = parameter.find() ? parameter.start() : rest.length();
        for (int at = rest.indexOf('@'); at >= 0 && at < end; at = rest.indexOf('@', at + 1)) {
            String after = rest.substring(at + 1);
            String escaped = scheme + userinfo(rest.substring(0, at)) + "@" + after;
            Optional<Map<String, String>> values = libpq.read(escaped).filter(read -> isSane(read, after));
            if (values.isPresent()) {
                return Optional.of(new Reading(told(values.get()), Optional.of(StatedRule.LATER_AT), values.get()));
            }
            if (isSaneButForItsQuery(escaped, after)) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** Whether only a parameter's name or value is at fault, which no other reading repairs. */
    private boolean isSaneButForItsQuery(String text, String afterAt) {
        int question = afterAt.indexOf('?');
        if (question < 0 || !PARAMETERS.matcher(afterAt.substring(question + 1)).matches()) {
            return false;
        }
        String server = text.substring(0, text.length() - afterAt.length() + question);
        return libpq.read(server).filter(read -> isSane(read, afterAt)).isPresent();
    }

    private String userinfo(String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? credential(text)
                : credential(text.substring(0, colon)) + ":" + credential(text.substring(colon + 1));
    }

    /** Escapes what parts a URI, and every blank and stray per cent where libpq refuses those. */
    private String credential(String text) {
        String parts = text.replace("/", "%2F")
                .replace("@", "%40")
                .replace(":", "%3A")
                .replace("?", "%3F")
                .replace("#", "%23");
        return libpq.read("postgresql://" + parts + "@h").isPresent()
                ? parts
                : parts.replaceAll("%(?![0-9A-Fa-f]{2})", "%25")
                        .replace(" ", "%20")
                        .replace("\t", "%09");
    }

    /** Whether every host could be meant; an abstract socket's at sign is escaped in a URI. */
    private static boolean isSane(Map<String, String> values, String afterAt) {
        String hosts = values.getOrDefault("host", "");
        boolean rawAt = hosts.contains("@") && afterAt.split("[/?]", 2)[0].contains("@");
        return !rawAt && Stream.of(hosts.split(",", -1)).allMatch(LibpqExpectation::isSaneHost);
    }

    private static boolean isSaneHost(String host) {
        return host.startsWith("/")
                ? host.chars().noneMatch(Character::isISOControl)
                : IPV6.matcher(host).matches()
                        || !INSANE.matcher(host.startsWith("@") ? host.substring(1) : host)
                                .find();
    }

    static String told(Map<String, String> values) {
        String names = values.getOrDefault("host", "");
        String[] hosts = (names.isEmpty() ? values.getOrDefault("hostaddr", "") : names).split(",", -1);
        String[] ports = values.getOrDefault("port", "").split(",", -1);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < hosts.length; i++) {
            String port = ports[ports.length == 1 ? 0 : i].strip();
            told.add((hosts[i].isEmpty() ? "localhost" : hosts[i]) + ":"
                    + (port.isEmpty() ? 5432 : Integer.parseInt(port)));
        }
        Map<String, String> options = new TreeMap<>();
        values.forEach((name, value) -> {
            if (!PLACES.contains(name) && !value.isEmpty() && isKept(name)) {
                options.put(name, canonical(name, value));
            }
        });
        return line(told, values::get, options);
    }

    static String told(ConnectionString ours) {
        Map<String, String> options = new TreeMap<>();
        ours.options().forEach((name, value) -> {
            if (!name.equals("hostaddr")) {
                options.put(name, canonical(name, value));
            }
        });
        Map<String, String> fields = new TreeMap<>();
        ours.user().ifPresent(user -> fields.put("user", user));
        ours.password().ifPresent(password -> fields.put("password", password.reveal()));
        ours.database().ifPresent(database -> fields.put("dbname", database));
        ours.sslPassword().ifPresent(password -> fields.put("sslpassword", password.reveal()));
        return line(
                ours.hosts().stream()
                        .map(host -> host.host() + ":" + host.port())
                        .toList(),
                fields::get,
                options);
    }

    private static String line(List<String> hosts, UnaryOperator<String> field, Map<String, String> options) {
        String fields = Stream.of("user", "password", "dbname", "sslpassword")
                .map(name -> Optional.ofNullable(field.apply(name)).orElse(""))
                .collect(Collectors.joining("|"));
        return hosts + "|" + fields + "|" + options;
    }

    static boolean isLibpqs(String name) {
        return row(name).isPresent();
    }

    private static boolean isKept(String name) {
        return row(name).filter(row -> row.name() != null).isPresent();
    }

    static Optional<Parameter> row(String name) {
        return ParameterTable.ROWS.stream()
                .filter(row -> row.family().equals("libpq") && row.key().equals(name))
                .findFirst();
    }

    private static String canonical(String name, String value) {
        if (FREE_TEXT.contains(name)) {
            return value;
        }
        String word = value.strip().toLowerCase(Locale.ROOT);
        if (SWITCHES.contains(name)) {
            return name.equals("sslsni")
                    ? String.valueOf(word.startsWith("1"))
                    : String.valueOf(Integer.parseInt(word) != 0);
        }
        return word.matches("[+-]?[0-9]{1,9}") ? String.valueOf(Integer.parseInt(word)) : word;
    }
}
