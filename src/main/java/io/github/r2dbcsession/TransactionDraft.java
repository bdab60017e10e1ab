package io.github.r2dbcsession;

import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    /** The BEGIN, and what belongs to it. */
    List<String> beginning() {
        List<String> commands = new ArrayList<>();
        commands.add("BEGIN"
                + (isolationLevel == null ? "" : " ISOLATION LEVEL " + isolationLevel.asSql())
                + (readOnly ? " READ ONLY" : "")
                + (deferrable ? " DEFERRABLE" : ""));
        setLocal(commands, "statement_timeout", timePerStatement());
        setLocal(commands, "lock_timeout", lockTimeout);
        return commands;
    }

    private static void setLocal(List<String> commands, String setting, @Nullable Duration limit) {
        if (limit != null) {
            commands.add("SET LOCAL " + setting + " = " + limit.toMillis());
        }
    }
}
