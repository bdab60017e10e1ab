package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.StatementException;
import java.util.Locale;
import java.util.Set;

/** Watches the words of a text go by, to tell where statements end and which of them this library must know about. */
final class StatementOutline {

    private static final Set<String> READING_WORDS = Set.of("SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN");
    private static final Set<String> TRANSACTION_WORDS =
            Set.of("BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE");

    private final SessionOutline session = new SessionOutline();
    private int tokens;
    private String first = "";
    private String previous = "";
    private int parentheses;
    private boolean routine;
    private int blocks;

    private boolean separated;
    private boolean several;
    private boolean transactionControl;
    private boolean writes;

    void word(String spelled) {
        session.word(spelled);
        String word = spelled.toUpperCase(Locale.ROOT);
        token();
        if (tokens == 1) {
            first = word;
            transactionControl |= TRANSACTION_WORDS.contains(word);
            writes |= !READING_WORDS.contains(word);
        } else {
            second(word);
            writes |= word.equals("INTO") || word.equals("ANALYZE");
        }
        previous = word;
    }

    /** A quoted identifier, or a piece of one that holds a quote. */
    void quoted(String content) {
        session.quoted(content);
        token();
        previous = "";
    }

    /** Anything that is neither a name nor white space nor a comment. */
    void symbol(char symbol) {
        session.symbol(symbol);
        token();
        previous = "";
        if (symbol == '(') {
            parentheses++;
        } else if (symbol == ')') {
            parentheses--;
        }
    }

    void semicolon() {
        session.semicolon();
        separated = separated || tokens > 0;
        previous = "";
        if (parentheses <= 0 && blocks == 0) {
            tokens = 0;
            parentheses = 0;
            first = "";
            routine = false;
        }
    }

    /** Returns whether nothing of the present statement has been seen. */
    boolean atStart() {
        return tokens == 0;
    }

    /** Returns whether something follows a semicolon that follows something. */
    boolean several() {
        return several;
    }

    SessionEffect effect() {
        return session.effect();
    }

    boolean transactionControl() {
        return transactionControl;
    }

    /** Returns whether a statement may write by itself; a function that a SELECT calls is not looked into. */
    boolean writes() {
        return writes;
    }

    private void token() {
        tokens++;
        several |= separated;
    }

    private void second(String word) {
        if (tokens == 2 && word.equals("TRANSACTION") && (first.equals("START") || first.equals("PREPARE"))) {
            transactionControl = true;
        } else if (first.equals("CREATE")) {
            body(word);
        } else if (first.equals("COPY") && parentheses <= 0) {
            copy(word);
        }
    }

    /** Follows BEGIN ATOMIC ... END, whose semicolons do not end the statement. */
    private void body(String word) {
        routine |= tokens <= 4 && (word.equals("FUNCTION") || word.equals("PROCEDURE"));
        if (!routine) {
            return;
        }
        if ((word.equals("ATOMIC") && previous.equals("BEGIN")) || (word.equals("CASE") && blocks > 0)) {
            blocks++;
        } else if (word.equals("END") && blocks > 0) {
            blocks--;
        }
    }

    private void copy(String word) {
        boolean stream = word.equals("STDIN") || word.equals("STDOUT");
        if (stream && previous.equals("TO")) {
            throw new StatementException("COPY ... TO STDOUT is not sent: the driver drops its rows; use a SELECT");
        }
        if (stream && previous.equals("FROM")) {
            throw new StatementException("COPY ... FROM STDIN is not sent as a query: it needs a stream of rows;"
                    + " use INSERT ... SELECT ... FROM unnest(:values)");
        }
    }
}
