package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * The connection was found lost before a statement of the work was sent. Nothing has happened, so trying again is safe.
 */
public final class NotSentException extends R2dbcTransientResourceException {

    private static final long serialVersionUID = 1;

    NotSentException(String scope, Phase phase, @Nullable Throwable cause) {
        super(
                "the connection of the " + scope + " was lost " + phase + ", nothing was sent: do the work again",
                "08003",
                0,
                (String) null,
                cause);
    }
}
