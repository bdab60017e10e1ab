package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientException;

/**
 * Says that the server refused a row of many; none of them has been written. The cause is the server's own error, whose SQLSTATE this one
 * has. The message has no value of the row.
 */
public final class BulkException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1;

    private final long firstRow;
    private final long lastRow;

    BulkException(long firstRow, long lastRow, Throwable cause) {
        super(
                "the server refused " + place(firstRow, lastRow) + " and nothing has been written; the cause tells why",
                Failures.sqlState(cause),
                0,
                (String) null,
                cause);
        this.firstRow = firstRow;
        this.lastRow = lastRow;
    }

    /** Whether a failure is about a row: what its values are (22), what they break (23), how many times it is there (21). */
    static boolean isOfARow(Throwable failure) {
        String state = Failures.sqlState(failure);
        return state != null && (state.startsWith("21") || state.startsWith("22") || state.startsWith("23"));
    }

    /** Whether it is about what a row's values break. */
    static boolean isOfAKey(Throwable failure) {
        String state = Failures.sqlState(failure);
        return state != null && state.startsWith("23");
    }

    private static String place(long firstRow, long lastRow) {
        if (firstRow == lastRow) {
            return "row " + firstRow;
        }
        return lastRow == Long.MAX_VALUE ? "a row" : "one of the rows " + firstRow + " to " + lastRow;
    }

    /** The first row that may be meant, counted from 1 in the order of the publisher. */
    public long firstRow() {
        return firstRow;
    }

    /** The last row that may be meant: the same as the first where it is known which, {@link Long#MAX_VALUE} where nothing is. */
    public long lastRow() {
        return lastRow;
    }
}
