package io.github.r2dbcsession.internal.sql;

/** What PostgreSQL's lexer takes a character for. */
final class SqlCharacter {

    private SqlCharacter() {}

    static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    static boolean isLineBreak(char c) {
        return c == '\n' || c == '\r';
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isAsciiLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    static boolean isTagPart(char c) {
        return isAsciiLetter(c) || isDigit(c) || c == '_';
    }

    static boolean isWordStart(char c) {
        return isAsciiLetter(c) || c == '_' || c >= 0x80;
    }

    static boolean isWordPart(char c) {
        return isWordStart(c) || isDigit(c) || c == '$';
    }

    static boolean isNameStart(char c) {
        return isAsciiLetter(c) || c == '_' || (c >= 0x80 && Character.isLetter(c));
    }

    static boolean isNamePart(char c) {
        return isNameStart(c) || isDigit(c);
    }
}
