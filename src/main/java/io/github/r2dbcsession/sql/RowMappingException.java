package io.github.r2dbcsession.sql;

import io.r2dbc.spi.R2dbcNonTransientException;

/**
 * Says that a row could not be turned into what was asked for: a column is missing, null, or of a type or size that the
 * target cannot hold without loss.
 *
 * <p>The message names column, target and reason, never the cell's value.
 */
public final class RowMappingException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1L;

    private final String column;
    private final String target;
    private final String reason;

    /**
     * Creates the error.
     *
     * @param column the column or columns concerned
     * @param target the Java type, or the record's component, that was to be filled
     * @param reason why it could not be filled and what to do, without the cell's value
     */
    public RowMappingException(String column, String target, String reason) {
        super("column " + column + " cannot be read as " + target + ": " + reason);
        this.column = column;
        this.target = target;
        this.reason = reason;
    }

    /** Returns the name of the column, or the names, separated by a comma and a space. */
    public String column() {
        return column;
    }

    /** Returns the Java type, or the record and its component, that was to be filled. */
    public String target() {
        return target;
    }

    /** Returns why it could not be filled. */
    public String reason() {
        return reason;
    }
}
