package io.github.r2dbcsession.sql;

/**
 * Says that a statement cannot be sent as it stands: a parameter is missing, unknown or of a class that PostgreSQL has no
 * type for, or the text is one that this library refuses.
 *
 * <p>Nothing was sent. The message names the parameter or the place in the text and the rule, never a bound value.
 */
public final class StatementException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** Creates the error with a message that says what is wrong and what to do, without any bound value. */
    public StatementException(String message) {
        super(message);
    }
}
