package io.github.r2dbcsession.internal.sql;

import java.util.List;

/**
 * One statement of a script.
 *
 * @param text without the semicolon, and without what stands before its first word
 * @param line where it begins, from 1
 * @param column where in the line, from 1
 */
public record ScriptPart(String text, int line, int column) {

    /**
     * Parts a script into its statements. What is only comments is none.
     *
     * @throws io.github.r2dbcsession.sql.StatementException when a quote or comment does not end
     */
    public static List<ScriptPart> split(String script) {
        return new SqlLexer(script).split();
    }

    static ScriptPart of(String script, int from, int to) {
        ScriptPart whole = new ScriptPart(script, 1, 1);
        return new ScriptPart(script.substring(from, to), whole.lineOf(from), whole.columnOf(from));
    }

    /** The line of the script in which a character of the statement is. */
    public int lineOf(int index) {
        return line
                + (int) text.substring(0, index).chars().filter(c -> c == '\n').count();
    }

    /** The column of the script in which a character of the statement is. */
    public int columnOf(int index) {
        int lineBreak = text.lastIndexOf('\n', index - 1);
        return lineBreak < 0 ? column + index : index - lineBreak;
    }
}
