package io.github.r2dbcsession.internal.sql;

import static io.github.r2dbcsession.internal.sql.SqlCharacter.isDigit;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isLineBreak;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isSpace;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isTagPart;
import static io.github.r2dbcsession.internal.sql.SqlCharacter.isWordPart;

import io.github.r2dbcsession.sql.StatementException;

/** Tells where PostgreSQL's lexer sees the end of what begins somewhere in a text. */
record SqlText(String sql) {

    int endOfWord(int from) {
        int end = from;
        while (end < sql.length() && isWordPart(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    /** Returns the number of a parameter, or one too high for any. */
    int number(int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            if (!isDigit(sql.charAt(i))) {
                throw error("a parameter $n is followed by a letter", from - 1);
            }
            number = Math.min(number * 10 + (sql.charAt(i) - '0'), ParameterNames.MOST + 1);
        }
        return number;
    }

    /** A doubled quote is simply two strings side by side, here as in the driver. */
    int endOfQuoted(int at) {
        char quote = sql.charAt(at);
        int end = sql.indexOf(quote, at + 1);
        if (end < 0) {
            throw error(quote == '"' ? "a quoted identifier is not closed" : "a string is not closed", at);
        }
        return end + 1;
    }

    int endOfDollarQuoted(int at) {
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

    /** Returns where the string goes on after white space with a line break, or -1. */
    int resumedString(int from) {
        boolean lineBreak = false;
        int i = from;
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

    int endOfLine(int from) {
        int end = from;
        while (end < sql.length() && !isLineBreak(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    int endOfBlockComment(int at) {
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

    /** Returns the character there, or NUL, which no statement may hold, past the end. */
    char charAt(int index) {
        return index < sql.length() ? sql.charAt(index) : '\0';
    }

    static StatementException error(String what, int index) {
        return new StatementException(what + ", at character " + (index + 1) + " of the statement");
    }
}
