package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientException;

/** {@link Rows#one()} found more than one row. The statement has run. */
public final class TooManyRowsException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1;

    TooManyRowsException() {
        super("one() found more than one row: make the condition unique, or use first() or all()");
    }
}
