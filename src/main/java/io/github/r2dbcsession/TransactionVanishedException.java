package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientException;

/**
 * The server knows of no open transaction where one had been begun: something between here and the server, or a statement, has ended it
 * or kept it from beginning. Statements of it may have been committed one by one. Never repeated by the library. SQLSTATE 25P01.
 */
public final class TransactionVanishedException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1;

    TransactionVanishedException(String transaction, Phase phase) {
        super(
                "the server knew of no open " + transaction + " " + phase
                        + ": look at the data, and whether a pooler in statement mode stands between",
                "25P01");
    }
}
