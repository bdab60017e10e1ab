package io.github.r2dbcsession.internal.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** The fields of a composite and the bounds of a range as PostgreSQL writes them: parted by commas, quoted where need be, null as nothing. */
final class FieldText {

    private final String text;
    private final int end;
    private final StringBuilder field = new StringBuilder();
    private int at;

    private FieldText(String text, int from, int end) {
        this.text = text;
        this.at = from;
        this.end = end;
    }

    static String join(List<@Nullable String> fields) {
        StringJoiner joined = new StringJoiner(",");
        for (String field : fields) {
            joined.add(field == null ? "" : quoted(field));
        }
        return joined.toString();
    }

    static String quoted(String field) {
        return '"' + field.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** Returns the fields between the first and the last character, which are brackets of some kind. */
    static List<@Nullable String> split(String text) {
        return new FieldText(text, 1, text.length() - 1).fields();
    }

    private List<@Nullable String> fields() {
        List<@Nullable String> fields = new ArrayList<>();
        fields.add(next());
        while (at < end) {
            at++;
            fields.add(next());
        }
        return fields;
    }

    /** Reads up to the next comma outside quotes. */
    private @Nullable String next() {
        field.setLength(0);
        boolean quotes = false;
        boolean something = false;
        for (; at < end && (quotes || text.charAt(at) != ','); at++) {
            char c = text.charAt(at);
            something = true;
            if (c == '\\' && at + 1 < end) {
                field.append(text.charAt(++at));
            } else if (c == '"' && quotes && at + 1 < end && text.charAt(at + 1) == '"') {
                field.append(text.charAt(++at));
            } else if (c == '"') {
                quotes = !quotes;
            } else {
                field.append(c);
            }
        }
        return something ? field.toString() : null;
    }
}
