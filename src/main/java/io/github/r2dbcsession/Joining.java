package io.github.r2dbcsession;

import io.r2dbc.spi.IsolationLevel;
import java.util.List;

/** What work may ask of a transaction that has begun without it. */
final class Joining {

    private static final List<IsolationLevel> WEAKEST_FIRST = List.of(
            IsolationLevel.READ_UNCOMMITTED,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.SERIALIZABLE);

    private Joining() {}

    /** Refuses what joining would silently leave undone. */
    static void requireMet(TransactionOptions asked, OpenTransaction outer) {
        TransactionOptions open = outer.options();
        asked.isolationLevel().ifPresent(level -> {
            int weakest = Math.min(WEAKEST_FIRST.indexOf(level), WEAKEST_FIRST.indexOf(IsolationLevel.READ_COMMITTED));
            int there = open.isolationLevel().map(WEAKEST_FIRST::indexOf).orElse(weakest);
            int wanted = WEAKEST_FIRST.indexOf(level);
            if (there < wanted) {
                throw refusal(level.asSql(), outer);
            }
        });
        if (open.isReadOnly() && !asked.isReadOnly()) {
            throw refusal("reading and writing", outer);
        }
        if (asked.isDeferrable() && !open.isDeferrable()) {
            throw refusal("DEFERRABLE", outer);
        }
        if (asked.isResolvable() && !open.isResolvable()) {
            throw refusal("a commit that can be found out about (resolvable)", outer);
        }
        if (asked.statementTimeout().isPresent() || asked.lockTimeout().isPresent()) {
            throw refusal("a statement or lock timeout of its own", outer);
        }
    }

    private static PropagationException refusal(String wanted, OpenTransaction outer) {
        return new PropagationException("work that asks for " + wanted + " cannot join the open "
                + outer.described() + ", begun with " + outer.options().beginSql()
                + ": ask for it where that one begins");
    }
}
