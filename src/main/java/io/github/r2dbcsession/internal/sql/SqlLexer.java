package io.github.r2dbcsession.internal.sql;

import static io.github.r2dbcsession.internal.sql.SqlCharacter.isDigit;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isLineBreak;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isNamePart;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isNameStart;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isSpace;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isTagPart;
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
        this.out = new StringBuilder(sql.length());
    }

    ParsedSql parse() {
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
            boolean comment = (c == '-' && charAt(at + 1) == '-') || (c == '/' && charAt(at + 1) == '*');
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
        } else if (c == '-' && charAt(at + 1) == '-') {
            lineComment();
        } else if (c == '/' && charAt(at + 1) == '*') {
            copyTo(endOfBlockComment());
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
            copyTo(endOfWord(at));
            was(Before.OPERAND);
        } else {
            symbol(c);
        }
    }

    private void quoted(char quote) {
        int end = endOfQuoted(quote);
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
        int end = endOfWord(at);
        boolean escapes = end == at + 1 && (sql.charAt(at) == 'E' || sql.charAt(at) == 'e') && charAt(end) == '\'';
        outline.word(sql.substring(at, end));
        copyTo(end);
        if (escapes) {
            escapeString();
        }
        was(escapes ? Before.OPERAND : Before.WORD);
    }

    private void colon() {
        char next = charAt(at + 1);
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
        if (isWordPart(charAt(end))) {
            out.append(' ');
        }
        at = end;
        was(Before.OPERAND);
    }

    private void dollar() {
        int end = endOfWord(at + 1);
        outline.symbol('$');
        if (isDigit(charAt(at + 1))) {
            parameters.numbered(number(at + 1, end));
            copyTo(end);
        } else {
            copyTo(endOfDollarQuoted());
        }
        was(Before.OPERAND);
    }

    private int number(int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            if (!isDigit(sql.charAt(i))) {
                throw error("a parameter $n is followed by a letter", at);
            }
            number = Math.min(number * 10 + (sql.charAt(i) - '0'), ParameterNames.MOST + 1);
        }
        return number;
    }

    private int endOfDollarQuoted() {
        int close = at + 1;
        while (isTagPart(charAt(close))) {
            close++;
        }
        if (charAt(close) != '$') {
            throw error(
                    "a dollar sign begins neither a parameter like $1 nor a quote like $$ or $tag$ (tags in ASCII)",
                    at);
        }
        String quote = sql.substring(at, close + 1);
        int end = sql.indexOf(quote, close + 1);
        if (end < 0) {
            throw error("a " + quote + " quote is not closed", at);
        }
        return end + quote.length();
    }

    /** A doubled quote is simply two strings side by side, here as in the driver. */
    private int endOfQuoted(char quote) {
        int end = sql.indexOf(quote, at + 1);
        if (end < 0) {
            throw error(quote == '"' ? "a quoted identifier is not closed" : "a string is not closed", at);
        }
        return end + 1;
    }

    /** Writes {@code \'} as {@code ''}: the driver's parser knows no backslash. A string goes on after a line break. */
    private void escapeString() {
        int start = at;
        copyTo(at + 1);
        while (true) {
            char c = charAt(at);
            if (at >= sql.length()) {
                throw error("a string is not closed", start);
            } else if (c == '\\' && charAt(at + 1) == '\'') {
                out.append("''");
                at += 2;
            } else if (c == '\\') {
                copyTo(Math.min(at + 2, sql.length()));
            } else if (c != '\'') {
                copyTo(at + 1);
            } else if (charAt(at + 1) == '\'') {
                copyTo(at + 2);
            } else {
                copyTo(at + 1);
                int resumed = resumedString();
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

    /** Returns where the string goes on after white space with a line break, or -1. */
    private int resumedString() {
        boolean lineBreak = false;
        int i = at;
        while (i < sql.length()) {
            char c = sql.charAt(i);
            if (c == '\'') {
                return lineBreak ? i : -1;
            } else if (c == '-' && charAt(i + 1) == '-') {
                i = endOfLine(i);
            } else if (isSpace(c)) {
                lineBreak |= isLineBreak(c);
                i++;
            } else {
                return -1;
            }
        }
        return -1;
    }

    /** Ends a comment with a line feed: to the driver a carriage return does not end it. */
    private void lineComment() {
        copyTo(endOfLine(at));
        if (charAt(at) == '\r') {
            out.append('\n');
            at++;
        }
    }

    private int endOfLine(int from) {
        int end = from;
        while (end < sql.length() && !isLineBreak(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    private int endOfBlockComment() {
        int depth = 0;
        for (int i = at; i < sql.length() - 1; i++) {
            if (sql.charAt(i) == '/' && sql.charAt(i + 1) == '*') {
                depth++;
                i++;
            } else if (sql.charAt(i) == '*' && sql.charAt(i + 1) == '/') {
                depth--;
                i++;
            }
            if (depth == 0) {
                return i + 1;
            }
        }
        throw error("a comment is not closed", at);
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

    private int endOfWord(int from) {
        int end = from;
        while (end < sql.length() && isWordPart(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    /** Returns the character there, or NUL, which no statement may hold, past the end. */
    private char charAt(int index) {
        return index < sql.length() ? sql.charAt(index) : '\0';
    }

    private static StatementException error(String what, int index) {
        return new StatementException(what + ", at character " + (index + 1) + " of the statement");
    }
}
