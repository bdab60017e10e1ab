package io.github.r2dbcsession.internal.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** An array as PostgreSQL writes it inside another value: {@code {1,NULL,"a b"}}. */
final class ArrayText {

    private final String text;
    private int at;

    private ArrayText(String text) {
        this.text = text;
    }

    static String join(List<@Nullable String> elements, boolean nested) {
        StringJoiner joined = new StringJoiner(",", "{", "}");
        for (String element : elements) {
            joined.add(element == null ? "NULL" : nested ? element : FieldText.quoted(element));
        }
        return joined.toString();
    }

    /** Returns the elements of the outermost dimension, those of a further one as the text of an array. */
    static List<@Nullable String> split(String text) {
        ArrayText array = new ArrayText(text);
        array.at = text.indexOf('{') + 1;
        if (array.at == 0 || !text.endsWith("}")) {
            throw new Conversion.Failure("it is not an array");
        }
        return array.elements();
    }

    private List<@Nullable String> elements() {
        List<@Nullable String> elements = new ArrayList<>();
        while (at < text.length() && text.charAt(at) != '}') {
            char c = text.charAt(at);
            if (c == ',') {
                at++;
            } else if (c == '"') {
                elements.add(quoted());
            } else if (c == '{') {
                int start = at;
                skip();
                elements.add(text.substring(start, at));
            } else {
                elements.add(bare());
            }
        }
        return elements;
    }

    private String quoted() {
        StringBuilder element = new StringBuilder();
        for (at++; text.charAt(at) != '"'; at++) {
            if (text.charAt(at) == '\\') {
                at++;
            }
            element.append(text.charAt(at));
        }
        at++;
        return element.toString();
    }

    /** Goes behind the brace that closes the one here. */
    private void skip() {
        int depth = 0;
        do {
            char c = text.charAt(at);
            if (c == '"') {
                quoted();
                continue;
            }
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            at++;
        } while (depth > 0);
    }

    private @Nullable String bare() {
        int start = at;
        while (text.charAt(at) != ',' && text.charAt(at) != '}') {
            at++;
        }
        String element = text.substring(start, at);
        return element.equals("NULL") ? null : element;
    }
}
