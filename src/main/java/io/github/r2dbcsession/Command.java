package io.github.r2dbcsession;

import java.util.Locale;
import java.util.Set;

/** Finds the command a text begins with. */
final class Command {

    private static final String OTHER = "OTHER";

    private static final Set<String> KNOWN = Set.of(
            "ALTER",
            "ANALYZE",
            "CALL",
            "CHECKPOINT",
            "CLOSE",
            "CLUSTER",
            "COMMENT",
            "COPY",
            "CREATE",
            "DEALLOCATE",
            "DECLARE",
            "DELETE",
            "DISCARD",
            "DO",
            "DROP",
            "EXECUTE",
            "EXPLAIN",
            "FETCH",
            "GRANT",
            "IMPORT",
            "INSERT",
            "LISTEN",
            "LOAD",
            "LOCK",
            "MERGE",
            "MOVE",
            "NOTIFY",
            "PREPARE",
            "REASSIGN",
            "REFRESH",
            "REINDEX",
            "RESET",
            "REVOKE",
            "SECURITY",
            "SELECT",
            "SET",
            "SHOW",
            "TABLE",
            "TRUNCATE",
            "UNLISTEN",
            "UPDATE",
            "VACUUM",
            "VALUES",
            "WITH");

    private Command() {}

    /** Returns the first word in capitals, or {@code OTHER}: there are no more results than PostgreSQL has commands. */
    static String of(String sql) {
        int start = start(sql);
        int end = start;
        while (end < sql.length() && (Character.isLetterOrDigit(sql.charAt(end)) || sql.charAt(end) == '_')) {
            end++;
        }
        String word = sql.substring(start, end).toUpperCase(Locale.ROOT);
        return KNOWN.contains(word) ? word : OTHER;
    }

    private static int start(String sql) {
        int at = 0;
        while (at < sql.length()) {
            char next = sql.charAt(at);
            if (sql.startsWith("--", at)) {
                at = after(sql, "\n", at);
            } else if (sql.startsWith("/*", at)) {
                at = after(sql, "*/", at + 2);
            } else if (Character.isWhitespace(next) || next == '(' || next == ';') {
                at++;
            } else {
                return at;
            }
        }
        return at;
    }

    private static int after(String sql, String end, int from) {
        int found = sql.indexOf(end, from);
        return found < 0 ? sql.length() : found + end.length();
    }
}
