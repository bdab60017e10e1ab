package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;

/**
 * A transaction was not at its commit when its deadline passed. Nothing of it stays: what was running has been stopped, on the server
 * too, and its connection closed.
 */
public final class TransactionTimeoutException extends R2dbcTimeoutException {

    private static final long serialVersionUID = 1;

    private final Duration deadline;

    TransactionTimeoutException(String transaction, Duration deadline) {
        super(transaction + " was not done within its deadline of " + deadline.toMillis()
                + " ms and has been rolled back: give it more time, or find out what held it up");
        this.deadline = deadline;
    }

    /** The deadline that has passed. */
    public Duration deadline() {
        return deadline;
    }
}
