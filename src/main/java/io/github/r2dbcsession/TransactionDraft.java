package io.github.r2dbcsession;

import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** {@link TransactionOptions} while they are put together. */
final class TransactionDraft {

    Propagation propagation = Propagation.REQUIRED;

    @Nullable
    IsolationLevel isolationLevel;

    boolean readOnly;
    boolean deferrable;

    @Nullable
    String name;

    @Nullable
    Duration deadline;

    @Nullable
    Duration statementTimeout;

    @Nullable
    Duration lockTimeout;

    Predicate<Throwable> rollbackOn = failure -> true;
    int retries;
    boolean resolvable;

    TransactionDraft() {}

    TransactionDraft(TransactionDraft draft) {
        this.propagation = draft.propagation;
        this.isolationLevel = draft.isolationLevel;
        this.readOnly = draft.readOnly;
        this.deferrable = draft.deferrable;
        this.name = draft.name;
        this.deadline = draft.deadline;
        this.statementTimeout = draft.statementTimeout;
        this.lockTimeout = draft.lockTimeout;
        this.rollbackOn = draft.rollbackOn;
        this.retries = draft.retries;
        this.resolvable = draft.resolvable;
    }

    @Nullable
    Duration timePerStatement() {
        return statementTimeout == null ? deadline : statementTimeout;
    }

    /** The BEGIN with all that belongs to it, as one simple query: when its first part fails, the server skips the rest. */
    String beginSql() {
        StringBuilder sql = new StringBuilder("BEGIN");
        if (isolationLevel != null) {
            sql.append(" ISOLATION LEVEL ").append(isolationLevel.asSql());
        }
        if (readOnly) {
            sql.append(" READ ONLY");
        }
        if (deferrable) {
            sql.append(" DEFERRABLE");
        }
        setLocal(sql, "statement_timeout", timePerStatement());
        setLocal(sql, "lock_timeout", lockTimeout);
        return sql.toString();
    }

    private static void setLocal(StringBuilder sql, String setting, @Nullable Duration limit) {
        if (limit != null) {
            sql.append("; SET LOCAL ").append(setting).append(" = ").append(limit.toMillis());
        }
    }
}
