package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import org.jspecify.annotations.Nullable;

/**
 * A statement writes, the caller did not ask for reading only, and the server takes no writes: it is a standby, a primary that has become
 * one, or set to read only. Nothing has been written. SQLSTATE 25006.
 */
public final class WrongRoleException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    WrongRoleException(String scope, @Nullable Throwable cause) {
        super(
                "the server of the " + scope
                        + " takes no writes: name the primary, or all hosts with target_session_attrs=read-write",
                "25006",
                0,
                (String) null,
                cause);
    }
}
