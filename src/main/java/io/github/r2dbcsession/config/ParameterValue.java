package io.github.r2dbcsession.config;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How a parameter's value is read, and its canonical spelling: libpq's where libpq has the setting. */
enum ParameterValue {
    /** Any text. */
    TEXT("", Optional::of),
    /** One of the six words of {@link SslMode}. */
    SSL_MODE(
            words(Stream.of(SslMode.values()).map(SslMode::toString).toList()),
            text -> SslMode.find(text).map(SslMode::toString)),
    /** asyncpg's: an sslmode word, or true for require. */
    SSL_WORD(
            "must be an sslmode word or true",
            text -> text.equalsIgnoreCase("true")
                    ? Optional.of("require")
                    : SslMode.find(text).map(SslMode::toString)),
    /** pgjdbc's: true or empty is on, anything else off. */
    JDBC_SSL("", text -> Optional.of(String.valueOf(text.isEmpty() || text.equalsIgnoreCase("true")))),
    /** R2DBC's: true or false. */
    R2DBC_SSL(words(List.of("true", "false")), ParameterValue::flag),
    /** Old libpq's: what begins with 1 is require, anything else prefer. */
    REQUIRE_SSL("", text -> Optional.of(text.startsWith("1") ? "require" : "prefer")),
    /** A key file, but not OpenSSL's {@code engine:key}. */
    KEY_FILE(
            "engine:key cannot be honoured; name a file with a key in PEM, DER or PKCS#12",
            text -> Optional.of(text).filter(path -> path.indexOf(':') < 0 || path.matches("[A-Za-z]:[\\\\/].*"))),
    /** Whether a client certificate is sent. */
    CERTIFICATE_MODE(
            words(List.of("disable", "allow", "require")), text -> word(text, List.of("disable", "allow", "require"))),
    /** A version of TLS, in any case, or nothing. */
    PROTOCOL_VERSION(
            "must be one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3",
            text -> Stream.of("", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
                    .filter(text::equalsIgnoreCase)
                    .findFirst()),
    /** Whether the login is bound to the TLS connection. */
    CHANNEL_BINDING(
            words(List.of("disable", "prefer", "require")),
            text -> word(text, List.of("disable", "prefer", "require"))),
    /** libpq's list of ways to log in. */
    AUTHENTICATION_METHODS(
            "must be a list, with commas and without repetition, of password, md5, gss, sspi, scram-sha-256, oauth and none, "
                    + "or of these with ! before each",
            ParameterValue::methods),
    /** How TLS starts. */
    NEGOTIATION(words(List.of("postgres", "direct")), text -> word(text, List.of("postgres", "direct"))),
    /** libpq's switch, where any number but 0 is on. */
    SWITCH("must be 0 or 1", text -> number(text).map(value -> value == 0 ? "0" : "1")),
    /** libpq's switch for the server's name in TLS; it takes any other text for off. */
    SERVER_NAME_SWITCH(words(List.of("0", "1")), text -> word(text, List.of("0", "1"))),
    /** True or false for a switch of libpq's. */
    SWITCH_FLAG(words(List.of("true", "false")), text -> flag(text).map(on -> on.equals("true") ? "1" : "0")),
    /** True or false. */
    FLAG(words(List.of("true", "false")), ParameterValue::flag),
    /** Whole seconds. */
    SECONDS("must be a whole number of seconds", text -> number(text).map(String::valueOf)),
    /** Any whole number. */
    NUMBER("must be a whole number", text -> number(text).map(String::valueOf)),
    /** Seconds with decimals. */
    DECIMAL_SECONDS("must be a number of seconds", ParameterValue::decimalSeconds),
    /** R2DBC's: ISO 8601 or a number with a unit. */
    DURATION("must be a duration such as PT10S, 10s or 500ms", ParameterValue::duration),
    /** A number from 0 on. */
    COUNT(
            "must be a whole number from 0 on",
            text -> number(text).filter(count -> count >= 0).map(String::valueOf)),
    /** A number of statements, -1 for no limit. */
    CACHE_SIZE(
            "must be a whole number from -1 on",
            text -> number(text).filter(count -> count >= -1).map(String::valueOf)),
    /** libpq's command-line options. */
    STARTUP_OPTIONS(StartupOptions.RULE, text -> StartupOptions.parse(text).map(options -> text)),
    /** The driver's {@code k=v;k2=v2}. */
    OPTION_PAIRS(
            "must be name=value pairs with semicolons between",
            text -> StartupOptions.ofPairs(text).map(StartupOptions::toString)),
    /** libpq's role words. */
    SESSION_ATTRIBUTES(
            words(ServerRole.attributes()), text -> ServerRole.ofAttribute(text).map(role -> text)),
    /** pgjdbc's and the driver's role words. */
    SERVER_TYPE(
            "must be any, primary, secondary or preferSecondary; preferPrimary cannot be honoured",
            text -> ServerRole.ofServerType(text).map(ServerRole::toString)),
    /** libpq's words for the order of hosts. */
    LOAD_BALANCE(words(List.of("disable", "random")), text -> word(text, List.of("disable", "random"))),
    /** True or false for the order of hosts. */
    BALANCE_FLAG(
            words(List.of("true", "false")), text -> flag(text).map(on -> on.equals("true") ? "random" : "disable")),
    /** A zone that Java knows. */
    TIME_ZONE("must be a time zone such as Europe/Berlin", ParameterValue::timeZone),
    /** A level of the driver's. */
    LOG_LEVEL(
            words(List.of("DEBUG", "ERROR", "INFO", "TRACE", "WARN")),
            text -> word(text.toUpperCase(Locale.ROOT), List.of("DEBUG", "ERROR", "INFO", "TRACE", "WARN")));

    private static final Set<String> METHODS =
            Set.of("password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none");
    private static final Pattern WHOLE_NUMBER = Pattern.compile("\\s*([+-]?[0-9]{1,18})\\s*");
    private static final Pattern AMOUNT =
            Pattern.compile("([+-]?[0-9]{1,12})(ns|us|ms|s|m|h|d)?", Pattern.CASE_INSENSITIVE);

    final String rule;

    /** Holds no state. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final Function<String, Optional<String>> read;

    ParameterValue(String rule, Function<String, Optional<String>> read) {
        this.rule = rule;
        this.read = read;
    }

    /** The canonical spelling of a value, empty when it breaks the rule. */
    Optional<String> canonical(String text) {
        return read.apply(text);
    }

    private static String words(List<String> words) {
        return words.stream().collect(Collectors.joining(", ", "must be one of ", ""));
    }

    private static Optional<String> word(String text, List<String> words) {
        return words.contains(text) ? Optional.of(text) : Optional.empty();
    }

    private static Optional<String> methods(String text) {
        List<String> methods = List.of(text.split(",", -1));
        boolean negated = text.startsWith("!");
        boolean known = methods.stream()
                .allMatch(method ->
                        method.startsWith("!") == negated && METHODS.contains(negated ? method.substring(1) : method));
        return text.isEmpty() || (known && Set.copyOf(methods).size() == methods.size())
                ? Optional.of(text)
                : Optional.empty();
    }

    private static Optional<String> flag(String text) {
        return word(text.toLowerCase(Locale.ROOT), List.of("true", "false"));
    }

    private static Optional<Integer> number(String text) {
        Matcher number = WHOLE_NUMBER.matcher(text);
        return (number.matches() ? Optional.of(Long.valueOf(number.group(1))) : Optional.<Long>empty())
                .filter(value -> value == value.intValue())
                .map(Long::intValue);
    }

    private static Optional<String> decimalSeconds(String text) {
        if (!text.matches("[0-9]{1,9}([.][0-9]{1,9})?")) {
            return Optional.empty();
        }
        return Optional.of(
                Duration.ofNanos(new BigDecimal(text).movePointRight(9).longValue())
                        .toString());
    }

    private static Optional<String> duration(String text) {
        Matcher amount = AMOUNT.matcher(text);
        if (amount.matches()) {
            long number = Long.parseLong(amount.group(1));
            String unit = amount.group(2) == null ? "ms" : amount.group(2).toLowerCase(Locale.ROOT);
            return positive(
                    switch (unit) {
                        case "ns" -> Duration.ofNanos(number);
                        case "us" -> Duration.ofNanos(number * 1000);
                        case "ms" -> Duration.ofMillis(number);
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        case "h" -> Duration.ofHours(number);
                        default -> Duration.ofDays(number);
                    });
        }
        try {
            return positive(Duration.parse(text));
        } catch (DateTimeException unreadable) {
            return Optional.empty();
        }
    }

    private static Optional<String> positive(Duration duration) {
        return duration.isNegative() || duration.compareTo(Duration.ofDays(365)) > 0
                ? Optional.empty()
                : Optional.of(duration.toString());
    }

    private static Optional<String> timeZone(String text) {
        try {
            return Optional.of(ZoneId.of(text).getId());
        } catch (DateTimeException unknown) {
            return Optional.empty();
        }
    }
}
