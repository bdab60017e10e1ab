package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.sql.BoundedCache;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * The tags that every statement of a database carries, as sqlcommenter has them. The same text gets the same comment each time, so the
 * driver's prepared statements are as few as without.
 */
final class SqlComment {

    private static final int REMEMBERED_TEXTS = 1_024;

    private final String comment;
    private final BoundedCache<String, String> texts = new BoundedCache<>(REMEMBERED_TEXTS);

    SqlComment(SortedMap<String, String> tags) {
        this.comment = tags.isEmpty()
                ? ""
                : tags.entrySet().stream()
                        .map(tag -> encoded(tag.getKey()) + "='" + encoded(tag.getValue()) + "'")
                        .collect(Collectors.joining(",", " /*", "*/"));
    }

    /** The statement with its tags; one that has a comment of its own stays as it is. */
    String on(String sql) {
        return comment.isEmpty() ? sql : texts.get(sql, this::append);
    }

    private String append(String sql) {
        return sql.contains("/*") || sql.contains("--") ? sql : sql + comment;
    }

    /** Leaves no character that means anything to a comment, a literal, or a parser of parameters. */
    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A");
    }
}
