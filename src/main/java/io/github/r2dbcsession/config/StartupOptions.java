package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The server's run-time settings of libpq's {@code options}: {@code -c name=value}, {@code -cname=value} and {@code --name=value}, in
 * which a backslash takes the next character as it is.
 */
final class StartupOptions {

    static final String RULE =
            "must be -c name=value or --name=value, blanks between; other command-line options cannot be honoured,"
                    + " nor can a client_encoding other than UTF8";

    private static final Pattern SETTING = Pattern.compile("([A-Za-z_][\\w.$-]*)=(.*)", Pattern.DOTALL);
    private static final Set<String> RESERVED = Set.of("user", "database", "replication", "options", "client_encoding");
    private static final Set<String> UTF8 = Set.of("utf8", "utf-8", "unicode", "utf_8");

    private final Map<String, String> settings = new LinkedHashMap<>();

    private StartupOptions() {}

    /** Reads libpq's form; empty when it has anything else in it. */
    static Optional<StartupOptions> parse(String text) {
        StartupOptions options = new StartupOptions();
        List<String> words = split(text);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            String setting;
            if (word.equals("-c") && i + 1 < words.size()) {
                setting = words.get(++i);
            } else if (word.startsWith("-c") || (word.startsWith("--") && word.length() > 2)) {
                setting = word.substring(2);
            } else {
                return Optional.empty();
            }
            if (!options.put(setting)) {
                return Optional.empty();
            }
        }
        return Optional.of(options);
    }

    /** Reads the driver's form, {@code name=value;name=value}; empty when it has anything else in it. */
    static Optional<StartupOptions> ofPairs(String text) {
        StartupOptions options = new StartupOptions();
        for (String pair : text.split(";", -1)) {
            if (!pair.isEmpty() && !options.put(pair)) {
                return Optional.empty();
            }
        }
        return Optional.of(options);
    }

    static StartupOptions of(Map<String, String> settings) {
        StartupOptions options = new StartupOptions();
        options.settings.putAll(settings);
        return options;
    }

    private boolean put(String text) {
        Matcher setting = SETTING.matcher(text);
        if (!setting.matches()) {
            return false;
        }
        String name = setting.group(1).replace('-', '_');
        String value = setting.group(2);
        String lower = name.toLowerCase(java.util.Locale.ROOT);
        boolean utf8 = lower.equals("client_encoding") && UTF8.contains(value.toLowerCase(java.util.Locale.ROOT));
        if (RESERVED.contains(lower)) {
            return utf8;
        }
        settings.put(name, value);
        return true;
    }

    private static List<String> split(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = null;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (LibpqUri.isBlank(character)) {
                if (word != null) {
                    words.add(word.toString());
                    word = null;
                }
                continue;
            }
            if (word == null) {
                word = new StringBuilder();
            }
            if (character == '\\' && i + 1 < text.length()) {
                word.append(text.charAt(++i));
            } else if (character != '\\') {
                word.append(character);
            }
        }
        if (word != null) {
            words.add(word.toString());
        }
        return words;
    }

    Map<String, String> settings() {
        return settings;
    }

    /** Returns libpq's form. */
    @Override
    public String toString() {
        return settings.entrySet().stream()
                .map(setting ->
                        "-c " + setting.getKey() + "=" + setting.getValue().replaceAll("[\\\\\\s]", "\\\\$0"))
                .collect(Collectors.joining(" "));
    }
}
