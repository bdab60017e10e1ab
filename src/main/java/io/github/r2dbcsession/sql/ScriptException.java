package io.github.r2dbcsession.sql;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientException;
import org.jspecify.annotations.Nullable;

/** A statement of a script failed; the cause is its error. */
public final class ScriptException extends R2dbcNonTransientException {

    private static final long serialVersionUID = 1;

    private final int statement;
    private final int line;
    private final int column;

    /** For the library. */
    public ScriptException(String script, int statement, int line, int column, Throwable cause) {
        super(
                "statement %d of %s failed, at line %d, column %d: %s"
                        .formatted(statement, script, line, column, cause.getMessage()),
                sqlState(cause),
                0,
                (String) null,
                cause);
        this.statement = statement;
        this.line = line;
        this.column = column;
    }

    private static @Nullable String sqlState(Throwable cause) {
        return cause instanceof R2dbcException told ? told.getSqlState() : null;
    }

    /** Which statement, from 1. */
    public int statement() {
        return statement;
    }

    /** The line of the error where the server told it, else of the statement's beginning, from 1. */
    public int line() {
        return line;
    }

    /** The column in that line, from 1. */
    public int column() {
        return column;
    }
}
