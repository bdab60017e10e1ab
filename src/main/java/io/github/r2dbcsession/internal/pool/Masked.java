package io.github.r2dbcsession.internal.pool;

/** Statements as messages may show them: short, on one line, without comments, and with {@code ?} for every literal. */
public final class Masked {

    private static final int LONGEST = 60;

    private final String sql;
    private final int longest;
    private final StringBuilder out = new StringBuilder();
    private int at;

    private Masked(String sql, int longest) {
        this.sql = sql;
        this.longest = longest;
    }

    /** At most 60 characters of a statement. */
    static String statement(String sql) {
        return statement(sql, LONGEST);
    }

    /** At most so many characters of a statement. */
    public static String statement(String sql, int longest) {
        return new Masked(sql, longest).read();
    }

    private String read() {
        while (at < sql.length() && out.length() <= longest) {
            char next = sql.charAt(at);
            if (next == '\'') {
                literal(endOfQuoted('\'', isEscaped()));
            } else if (next == '"') {
                keep(endOfQuoted('"', false));
            } else if (sql.startsWith("--", at)) {
                space(after("\n", at));
            } else if (sql.startsWith("/*", at)) {
                space(after("*/", at + 2));
            } else if (next == '$' && isDollarQuote()) {
                String tag = sql.substring(at, sql.indexOf('$', at + 1) + 1);
                literal(after(tag, at + tag.length()));
            } else if (Character.isWhitespace(next)) {
                space(at + 1);
            } else if (Character.isDigit(next) && !followsWord()) {
                literal(endOfNumber());
            } else {
                keep(at + 1);
            }
        }
        String read = out.toString().strip();
        return read.length() > longest ? read.substring(0, longest - 1) + "…" : read;
    }

    private void literal(int end) {
        out.append('?');
        at = end;
    }

    private void keep(int end) {
        out.append(sql, at, end);
        at = end;
    }

    private void space(int end) {
        if (out.length() > 0 && out.charAt(out.length() - 1) != ' ') {
            out.append(' ');
        }
        at = end;
    }

    private int after(String end, int from) {
        int found = sql.indexOf(end, from);
        return found < 0 ? sql.length() : found + end.length();
    }

    private int endOfQuoted(char quote, boolean escaped) {
        int end = at + 1;
        while (end < sql.length()) {
            char next = sql.charAt(end++);
            if (escaped && next == '\\') {
                end++;
            } else if (next == quote) {
                if (end >= sql.length() || sql.charAt(end) != quote) {
                    return end;
                }
                end++;
            }
        }
        return sql.length();
    }

    private boolean isEscaped() {
        return at > 0 && (sql.charAt(at - 1) == 'e' || sql.charAt(at - 1) == 'E');
    }

    private boolean isDollarQuote() {
        int end = at + 1;
        while (end < sql.length() && isWord(sql.charAt(end))) {
            end++;
        }
        return !followsWord()
                && end < sql.length()
                && sql.charAt(end) == '$'
                && !(end > at + 1 && Character.isDigit(sql.charAt(at + 1)));
    }

    private int endOfNumber() {
        int end = at;
        while (end < sql.length() && (isWord(sql.charAt(end)) || sql.charAt(end) == '.')) {
            end++;
        }
        return end;
    }

    /** Whether what comes is the rest of a name, or the number of a parameter. */
    private boolean followsWord() {
        return at > 0 && (isWord(sql.charAt(at - 1)) || sql.charAt(at - 1) == '$');
    }

    private static boolean isWord(char character) {
        return Character.isLetterOrDigit(character) || character == '_';
    }
}
