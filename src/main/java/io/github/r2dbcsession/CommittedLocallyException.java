package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientException;

/**
 * The transaction has been committed on the server, and its wait for a synchronous standby was broken off: it is lost if the server is
 * lost before the standby has caught up. Not to be repeated. After-commit actions have run; the result of the work is dropped.
 */
public final class CommittedLocallyException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1;

    CommittedLocallyException(String transaction) {
        super(
                "the " + transaction
                        + " has been committed on its server, but no synchronous standby has confirmed it: "
                        + "do not repeat it, see to the standby",
                "01000");
    }
}
