package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcRollbackException;
import org.jspecify.annotations.Nullable;

/**
 * A commit was asked for and the server rolled back instead, because a statement of the transaction had failed or it had been marked for rollback. Nothing of the transaction stays.
 */
public final class TransactionRolledBackException extends R2dbcRollbackException {

    private static final long serialVersionUID = 1;

    TransactionRolledBackException(String transaction, @Nullable Throwable cause) {
        super(
                "the " + transaction
                        + " was rolled back instead of committed: a statement in it had failed and its error was "
                        + "swallowed, or it had been marked for rollback",
                "25P02",
                0,
                (String) null,
                cause);
    }
}
