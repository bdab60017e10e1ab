package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientException;

/** {@link Rows#one()}, or a {@link Loader} for one key, found more than one row. The statement has run. */
public final class TooManyRowsException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1;

    private TooManyRowsException(String message) {
        super(message);
    }

    static TooManyRowsException ofOne() {
        return new TooManyRowsException(
                "one() found more than one row: make the condition unique, or use first() or all()");
    }

    static TooManyRowsException ofLoad() {
        return new TooManyRowsException(
                "a loader's statement returned more than one row for a key: a loader is for rows with a unique key");
    }
}
