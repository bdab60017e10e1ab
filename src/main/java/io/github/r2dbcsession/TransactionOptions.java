package io.github.r2dbcsession;

import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a transaction is run. Immutable: each method returns new options.
 *
 * <pre>{@code
 * db.inTransaction(TransactionOptions.serializable().deadline(ofSeconds(2)), tx -> work(tx));
 * }</pre>
 *
 * What is not set here is as the server has it. All of it travels with the BEGIN, in one round trip.
 */
public final class TransactionOptions {

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofMillis(Integer.MAX_VALUE);
    private static final TransactionOptions DEFAULTS = new TransactionOptions(new Draft());

    private final Propagation propagation;
    private final @Nullable IsolationLevel isolationLevel;
    private final boolean readOnly;
    private final boolean deferrable;
    private final @Nullable String name;
    private final @Nullable Duration deadline;
    private final @Nullable Duration statementTimeout;
    private final @Nullable Duration lockTimeout;
    private final Predicate<Throwable> rollbackOn;
    private final String beginSql;

    private TransactionOptions(Draft draft) {
        this.propagation = draft.propagation;
        this.isolationLevel = draft.isolationLevel;
        this.readOnly = draft.readOnly;
        this.deferrable = draft.deferrable;
        this.name = draft.name;
        this.deadline = draft.deadline;
        this.statementTimeout = draft.statementTimeout;
        this.lockTimeout = draft.lockTimeout;
        this.rollbackOn = draft.rollbackOn;
        this.beginSql = begin();
    }

    /** Returns the server's own isolation level, reading and writing, no limits, and a rollback on every error. */
    public static TransactionOptions defaults() {
        return DEFAULTS;
    }

    /** Returns the defaults at SERIALIZABLE: as if transactions ran one after another, or an error with SQLSTATE 40001. */
    public static TransactionOptions serializable() {
        return isolated(IsolationLevel.SERIALIZABLE);
    }

    /** Returns the defaults at REPEATABLE READ: all statements see the same snapshot. */
    public static TransactionOptions repeatableRead() {
        return isolated(IsolationLevel.REPEATABLE_READ);
    }

    /** Returns the defaults at READ COMMITTED: each statement sees what was committed before it. */
    public static TransactionOptions readCommitted() {
        return isolated(IsolationLevel.READ_COMMITTED);
    }

    /** Returns the defaults at READ UNCOMMITTED, which PostgreSQL runs as READ COMMITTED. */
    public static TransactionOptions readUncommitted() {
        return isolated(IsolationLevel.READ_UNCOMMITTED);
    }

    private static TransactionOptions isolated(IsolationLevel level) {
        Draft draft = new Draft();
        draft.isolationLevel = level;
        return new TransactionOptions(draft);
    }

    /** Says what the work makes of a transaction that is open around it. Default: {@link Propagation#REQUIRED}. */
    public TransactionOptions propagation(Propagation propagation) {
        Draft draft = new Draft(this);
        draft.propagation = Objects.requireNonNull(propagation, "propagation");
        return new TransactionOptions(draft);
    }

    /** Lets the transaction read only: the server refuses a write with SQLSTATE 25006. */
    public TransactionOptions readOnly() {
        Draft draft = new Draft(this);
        draft.readOnly = true;
        return new TransactionOptions(draft);
    }

    /**
     * Lets the transaction wait at its start for a snapshot that no serialization failure can reach.
     *
     * @throws IllegalStateException unless the options are serializable and read only: elsewhere it would mean nothing
     */
    public TransactionOptions deferrable() {
        if (isolationLevel != IsolationLevel.SERIALIZABLE || !readOnly) {
            throw new IllegalStateException(
                    "deferrable means something for serializable().readOnly() only, and these options are " + this);
        }
        Draft draft = new Draft(this);
        draft.deferrable = true;
        return new TransactionOptions(draft);
    }

    /** Names the transaction in errors. */
    public TransactionOptions name(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        Draft draft = new Draft(this);
        draft.name = name;
        return new TransactionOptions(draft);
    }

    /**
     * Limits the whole block, the wait for a connection and the commit included. At the limit the statement that is running is stopped
     * on the server too, and the caller gets {@link TransactionTimeoutException}, or {@link CommitUnknownException} when the commit was
     * under way.
     *
     * @param deadline from 1 ms to 2147483647 ms; none by default
     */
    public TransactionOptions deadline(Duration deadline) {
        Draft draft = new Draft(this);
        draft.deadline = checked("deadline", deadline);
        return new TransactionOptions(draft);
    }

    /**
     * Limits each statement: the server stops it with SQLSTATE 57014. The setting ends with the transaction.
     *
     * @param statementTimeout from 1 ms to 2147483647 ms; as the server has it by default, or the deadline where there is one
     */
    public TransactionOptions statementTimeout(Duration statementTimeout) {
        Draft draft = new Draft(this);
        draft.statementTimeout = checked("statementTimeout", statementTimeout);
        return new TransactionOptions(draft);
    }

    /**
     * Limits each wait for a lock: the server ends it with SQLSTATE 55P03. The setting ends with the transaction.
     *
     * @param lockTimeout from 1 ms to 2147483647 ms; as the server has it by default
     */
    public TransactionOptions lockTimeout(Duration lockTimeout) {
        Draft draft = new Draft(this);
        draft.lockTimeout = checked("lockTimeout", lockTimeout);
        return new TransactionOptions(draft);
    }

    /**
     * Rolls back on these errors of the work only: on any other the transaction is committed, and then fails with it. Called twice, or
     * with {@link #noRollbackOn}, an error must pass every rule to roll back.
     *
     * <p>It speaks of what the work itself throws. After an error of the server there is nothing left that could be committed.
     */
    public TransactionOptions rollbackOn(Predicate<? super Throwable> errors) {
        Objects.requireNonNull(errors, "errors");
        Draft draft = new Draft(this);
        Predicate<Throwable> before = rollbackOn;
        draft.rollbackOn = failure -> before.test(failure) && errors.test(failure);
        return new TransactionOptions(draft);
    }

    /** Commits in spite of these errors of the work, and then fails with them; see {@link #rollbackOn}. */
    public TransactionOptions noRollbackOn(Predicate<? super Throwable> errors) {
        Objects.requireNonNull(errors, "errors");
        return rollbackOn(failure -> !errors.test(failure));
    }

    private static Duration checked(String option, Duration limit) {
        if (limit.compareTo(SHORTEST) < 0 || limit.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(option + " must be from 1 to 2147483647 ms, was " + limit);
        }
        return limit;
    }

    /** What the work makes of a transaction that is open around it. */
    public Propagation propagation() {
        return propagation;
    }

    /** The isolation level, empty for the server's own. */
    public Optional<IsolationLevel> isolationLevel() {
        return Optional.ofNullable(isolationLevel);
    }

    /** Whether the transaction can only read. */
    public boolean isReadOnly() {
        return readOnly;
    }

    /** Whether the transaction waits for a safe snapshot. */
    public boolean isDeferrable() {
        return deferrable;
    }

    /** The name in errors. */
    public Optional<String> name() {
        return Optional.ofNullable(name);
    }

    /** How long the whole block may take. */
    public Optional<Duration> deadline() {
        return Optional.ofNullable(deadline);
    }

    /** How long one statement may take. */
    public Optional<Duration> statementTimeout() {
        return Optional.ofNullable(statementTimeout);
    }

    /** How long one wait for a lock may take. */
    public Optional<Duration> lockTimeout() {
        return Optional.ofNullable(lockTimeout);
    }

    /** Whether this error of the work rolls back. */
    boolean rollsBackOn(Throwable failure) {
        return rollbackOn.test(failure);
    }

    /** The BEGIN with all that belongs to it, as one simple query: when its first part fails, the server skips the rest. */
    String beginSql() {
        return beginSql;
    }

    private String begin() {
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
        setLocal(sql, "statement_timeout", statementTimeout == null ? deadline : statementTimeout);
        setLocal(sql, "lock_timeout", lockTimeout);
        return sql.toString();
    }

    private static void setLocal(StringBuilder sql, String setting, @Nullable Duration limit) {
        if (limit != null) {
            sql.append("; SET LOCAL ").append(setting).append(" = ").append(limit.toMillis());
        }
    }

    /** Returns what the BEGIN says, with the propagation where it is not the default, the name and the deadline. */
    @Override
    public String toString() {
        return beginSql
                + (propagation == Propagation.REQUIRED ? "" : ", " + propagation)
                + (name == null ? "" : ", name " + name)
                + (deadline == null ? "" : ", deadline " + deadline);
    }

    private static final class Draft {

        private Propagation propagation = Propagation.REQUIRED;
        private @Nullable IsolationLevel isolationLevel;
        private boolean readOnly;
        private boolean deferrable;
        private @Nullable String name;
        private @Nullable Duration deadline;
        private @Nullable Duration statementTimeout;
        private @Nullable Duration lockTimeout;
        private Predicate<Throwable> rollbackOn = failure -> true;

        Draft() {}

        Draft(TransactionOptions options) {
            this.propagation = options.propagation;
            this.isolationLevel = options.isolationLevel;
            this.readOnly = options.readOnly;
            this.deferrable = options.deferrable;
            this.name = options.name;
            this.deadline = options.deadline;
            this.statementTimeout = options.statementTimeout;
            this.lockTimeout = options.lockTimeout;
            this.rollbackOn = options.rollbackOn;
        }
    }
}
