package io.github.r2dbcsession.config;

/** Reads libpq's keyword/value form: {@code host=... password='a b'}, where a backslash takes the next character as it is. */
final class LibpqKeywords {

    private final String text;
    private int at;

    private LibpqKeywords(String text) {
        this.text = text;
    }

    static Stated read(String text) {
        LibpqKeywords keywords = new LibpqKeywords(text);
        Stated stated = new Stated(Family.LIBPQ_KEYWORDS);
        keywords.skipBlanks();
        for (int number = 1; keywords.more(); number++) {
            int start = keywords.at;
            String name = keywords.name(number);
            String value = keywords.value(number);
            stated.parameter(text.substring(start, keywords.at).stripTrailing(), name, value);
            keywords.skipBlanks();
        }
        return stated;
    }

    private String name(int number) {
        int start = at;
        while (more() && text.charAt(at) != '=' && !LibpqUri.isBlank(text.charAt(at))) {
            at++;
        }
        String name = text.substring(start, at);
        skipBlanks();
        if (!more() || text.charAt(at) != '=') {
            throw new InvalidConnectionStringException(
                    "parameter " + number, "must be name=value; put a value with blanks into single quotes");
        }
        at++;
        skipBlanks();
        return name;
    }

    private String value(int number) {
        boolean quoted = more() && text.charAt(at) == '\'';
        if (quoted) {
            at++;
        }
        StringBuilder value = new StringBuilder();
        while (more()) {
            char next = text.charAt(at++);
            if (next == '\\') {
                if (more()) {
                    value.append(text.charAt(at++));
                }
            } else if (quoted ? next == '\'' : LibpqUri.isBlank(next)) {
                return value.toString();
            } else {
                value.append(next);
            }
        }
        if (quoted) {
            throw new InvalidConnectionStringException("parameter " + number, "the closing single quote is missing");
        }
        return value.toString();
    }

    private void skipBlanks() {
        while (more() && LibpqUri.isBlank(text.charAt(at))) {
            at++;
        }
    }

    private boolean more() {
        return at < text.length();
    }
}
