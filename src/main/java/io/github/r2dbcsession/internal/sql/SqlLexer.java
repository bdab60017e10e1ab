package io.github.r2dbcsession.internal.sql;

import static io.github.r2dbcsession.internal.sql.SqlCharacter.isDigit;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isNamePart;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isNameStart;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isSpace;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isWordPart;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isWordStart;

import io.github.r2dbcsession.sql.StatementException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads one text from left to right and writes what the driver gets. Knows PostgreSQL's lexical rules, and where the
 * driver's own parser differs from them writes an equivalent that both understand. Not thread-safe, used once.
 */
final class SqlLexer {

    /** What stood before a colon decides whether it begins a parameter or parts the bounds of an array slice. */
    private enum Before {
        NOTHING,
        WORD,
        OPERAND
    }

    private final String sql;
    private final SqlText text;
    private final StringBuilder out;
    private final ParameterNames parameters = new ParameterNames();
    private final StatementOutline outline = new StatementOutline();
    private final List<Integer> semicolons = new ArrayList<>();

    private final List<ScriptPart> parts = new ArrayList<>();
    private int partStart = -1;

    private int at;
    private int brackets;
    private Before before = Before.NOTHING;
    private int beforeEnd = -1;

    SqlLexer(String sql) {
        this.sql = sql;
        this.text = new SqlText(sql);
        this.out = new StringBuilder(sql.length());
    }

    ParsedSql parse() {
        int nul = sql.indexOf('\0');
        if (nul >= 0) {
            throw SqlText.error("the statement holds the character NUL", nul);
        }
        while (at < sql.length()) {
            token(sql.charAt(at));
        }
        parameters.complete();
        if (!parameters.none()) {
            oneStatement();
        }
        return new ParsedSql(
                out.toString(),
                parameters,
                outline.several(),
                outline.transactionControl(),
                outline.writes(),
                outline.effect());
    }

    /** Parts the text into statements, each to be parsed by itself. */
    List<ScriptPart> split() {
        while (at < sql.length()) {
            char c = sql.charAt(at);
            boolean comment = (c == '-' && text.charAt(at + 1) == '-') || (c == '/' && text.charAt(at + 1) == '*');
            if (partStart < 0 && !isSpace(c) && !comment && c != ';') {
                partStart = at;
            }
            int end = at;
            token(c);
            if (c == ';' && outline.atStart()) {
                endPart(end);
            }
        }
        endPart(at);
        return parts;
    }

    private void endPart(int end) {
        if (partStart >= 0) {
            parts.add(ScriptPart.of(sql, partStart, end));
            partStart = -1;
        }
    }

    private void token(char c) {
        if (isSpace(c)) {
            copyTo(at + 1);
        } else if (c == '-' && text.charAt(at + 1) == '-') {
            lineComment();
        } else if (c == '/' && text.charAt(at + 1) == '*') {
            copyTo(text.endOfBlockComment(at));
        } else if (c == '\'' || c == '"') {
            quoted(c);
        } else if (c == '$') {
            dollar();
        } else if (c == ':') {
            colon();
        } else if (c == ';') {
            outline.semicolon();
            semicolons.add(out.length());
            copyTo(at + 1);
            was(Before.NOTHING);
        } else if (isWordStart(c)) {
            word();
        } else if (isDigit(c)) {
            outline.symbol(c);
            copyTo(text.endOfWord(at));
            was(Before.OPERAND);
        } else {
            symbol(c);
        }
    }

    private void quoted(char quote) {
        int end = text.endOfQuoted(at);
        if (quote == '"') {
            outline.quoted(sql.substring(at + 1, end - 1));
        } else {
            outline.symbol(quote);
        }
        copyTo(end);
        was(Before.OPERAND);
    }

    private void symbol(char c) {
        outline.symbol(c);
        if (c == '[') {
            brackets++;
        } else if (c == ']' && brackets > 0) {
            brackets--;
        }
        copyTo(at + 1);
        was(c == ')' || c == ']' ? Before.OPERAND : Before.NOTHING);
    }

    private void word() {
        int end = text.endOfWord(at);
        boolean escapes = end == at + 1 && (sql.charAt(at) == 'E' || sql.charAt(at) == 'e') && text.charAt(end) == '\'';
        outline.word(sql.substring(at, end));
        copyTo(end);
        if (escapes) {
            escapeString();
        }
        was(escapes ? Before.OPERAND : Before.WORD);
    }

    private void colon() {
        char next = text.charAt(at + 1);
        boolean slice = brackets > 0 && (before == Before.OPERAND || (before == Before.WORD && beforeEnd == at));
        if (next == ':' || next == '=') {
            outline.symbol(':');
            copyTo(at + 2);
            was(Before.NOTHING);
        } else if (isNameStart(next) && !slice) {
            namedParameter();
        } else {
            outline.symbol(':');
            copyTo(at + 1);
            was(Before.NOTHING);
        }
    }

    private void namedParameter() {
        int end = at + 2;
        while (end < sql.length() && isNamePart(sql.charAt(end))) {
            end++;
        }
        outline.symbol('$');
        if (before != Before.NOTHING && beforeEnd == at) {
            out.append(' ');
        }
        out.append('$').append(parameters.named(sql.substring(at + 1, end)));
        if (isWordPart(text.charAt(end))) {
            out.append(' ');
        }
        at = end;
        was(Before.OPERAND);
    }

    private void dollar() {
        int end = text.endOfWord(at + 1);
        outline.symbol('$');
        if (isDigit(text.charAt(at + 1))) {
            parameters.numbered(text.number(at + 1, end));
            copyTo(end);
        } else {
            copyTo(text.endOfDollarQuoted(at));
        }
        was(Before.OPERAND);
    }

    /** Writes {@code \'} as {@code ''}: the driver's parser knows no backslash. A string goes on after a line break. */
    private void escapeString() {
        int start = at;
        copyTo(at + 1);
        while (true) {
            char c = text.charAt(at);
            if (at >= sql.length()) {
                throw SqlText.error("a string is not closed", start);
            } else if (c == '\\' && text.charAt(at + 1) == '\'') {
                out.append("''");
                at += 2;
            } else if (c == '\\') {
                copyTo(Math.min(at + 2, sql.length()));
            } else if (c != '\'') {
                copyTo(at + 1);
            } else if (text.charAt(at + 1) == '\'') {
                copyTo(at + 2);
            } else {
                copyTo(at + 1);
                int resumed = text.resumedString(at);
                if (resumed < 0) {
                    return;
                }
                while (at < resumed) {
                    token(sql.charAt(at));
                }
                copyTo(resumed + 1);
            }
        }
    }

    /** Ends a comment with a line feed: to the driver a carriage return does not end it. */
    private void lineComment() {
        copyTo(text.endOfLine(at));
        if (text.charAt(at) == '\r') {
            out.append('\n');
            at++;
        }
    }

    /** The driver counts what follows a semicolon as a statement, be it only a comment: blanks the semicolons. */
    private void oneStatement() {
        if (outline.several()) {
            throw new StatementException("several statements in one text cannot have parameters: send them one by one");
        }
        for (int semicolon : semicolons) {
            out.setCharAt(semicolon, ' ');
        }
    }

    private void copyTo(int end) {
        out.append(sql, at, end);
        at = end;
    }

    private void was(Before kind) {
        before = kind;
        beforeEnd = at;
    }
}
