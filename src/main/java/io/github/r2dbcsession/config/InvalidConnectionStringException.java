package io.github.r2dbcsession.config;

/**
 * A connection string cannot be understood, or asks for what cannot be honoured.
 *
 * <p>The message names the part and the rule and says what to do. It never holds any of the string, which might be a piece of a password.
 */
public final class InvalidConnectionStringException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    private final String part;
    private final String rule;

    InvalidConnectionStringException(String part, String rule) {
        super(part + ": " + rule);
        this.part = part;
        this.rule = rule;
    }

    /** The part at fault, such as {@code port}, {@code sslmode} or {@code parameter 3}. */
    public String part() {
        return part;
    }

    /** The rule that the part breaks, and what to do. */
    public String rule() {
        return rule;
    }
}
