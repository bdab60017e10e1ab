package io.github.r2dbcsession.health;

/** Makes text that a server sent fit to be shown. */
final class ServerText {

    private static final int LIMIT = 100;

    private ServerText() {}

    /** Returns the text on one line and at most 100 characters long. */
    static String cut(String text) {
        String line = text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", " ");
        if (line.length() <= LIMIT) {
            return line;
        }
        int end = Character.isHighSurrogate(line.charAt(LIMIT - 1)) ? LIMIT - 1 : LIMIT;
        return line.substring(0, end);
    }
}
