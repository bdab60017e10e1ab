package io.github.r2dbcsession.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The rules of docs/reference/connection-strings.md by which a reading differs from libpq's, each with its number there. */
enum StatedRule {
    /** libpq reads a host that nobody could mean: refused. */
    INSANE_HOST(1),
    /** libpq refuses, or reads such a host, and a later at sign leaves a sane rest: read. */
    LATER_AT(2),
    /** Bytes that are not UTF-8, even where a parameter replaces them: refused. */
    NOT_UTF8(3),
    /** A list of hosts with a member that cannot be served: refused. */
    HOST_LIST(6),
    /** Another case or underscores in sslmode: read as meant. */
    SSLMODE_WORD(7),
    /** A demand of the parameter table that cannot be honoured: refused. */
    DEMAND(11),
    /** A setting that is dropped with a warning, whose value libpq judges: read. */
    DROPPED(11),
    /** A setting that only the driver has. */
    DRIVER_SETTINGS(11);

    /** Settings that arrive, though not with every value. */
    private static final Set<String> SOME_VALUES = Set.of("options", "sslkey", "sslrootcert");

    private static final Pattern OTHER_SSLMODE = Pattern.compile("sslmode\\s*=\\s*'?\\s*\\w*([A-Z]|y_)");

    final int number;

    StatedRule(int number) {
        this.number = number;
    }

    @Override
    public String toString() {
        return "rule " + number + " " + name();
    }

    static Optional<StatedRule> excusing(
            String text, LibpqExpectation.Reading theirs, @Nullable InvalidConnectionStringException refusal) {
        if (refusal == null) {
            return readBy(text);
        }
        boolean notUtf8 = URLDecoder.decode(text.replaceAll("%(?![0-9A-Fa-f]{2})", ""), StandardCharsets.UTF_8)
                .contains("\ufffd");
        return notUtf8 ? Optional.of(NOT_UTF8) : refusedBy(theirs.values(), refusal.part());
    }

    private static Optional<StatedRule> readBy(String text) {
        if (OTHER_SSLMODE.matcher(text).find()) {
            return Optional.of(SSLMODE_WORD);
        }
        boolean dropped = ParameterTable.ROWS.stream()
                .filter(row -> row.family().equals("libpq") && row.ruling() == Parameter.Ruling.IGNORE)
                .anyMatch(row -> text.matches("(?s).*\\b" + row.key() + "\\s*=.*"));
        return dropped ? Optional.of(DROPPED) : Optional.empty();
    }

    private static Optional<StatedRule> refusedBy(Map<String, String> theirs, String part) {
        String hosts = theirs.getOrDefault("host", "");
        if (part.equals("host") && (hosts.contains("@") || hosts.matches(".*[:/].*"))) {
            return Optional.of(HOST_LIST);
        }
        boolean demand = LibpqExpectation.row(part)
                .filter(row -> row.ruling() == Parameter.Ruling.MUST)
                .isPresent();
        return theirs.containsKey(part) && (demand || SOME_VALUES.contains(part))
                ? Optional.of(DEMAND)
                : Optional.empty();
    }
}
