package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.Preamble;
import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

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

    private static final int MOST_RETRIES = 100;
    private static final TransactionOptions DEFAULTS = new TransactionOptions(new TransactionDraft());

    /** Never changed from here on. */
    private final TransactionDraft draft;

    private final Preamble preamble;

    private TransactionOptions(TransactionDraft draft) {
        this.draft = draft;
        this.preamble = Preamble.of(draft.beginning());
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
        TransactionDraft draft = new TransactionDraft();
        draft.isolationLevel = level;
        return new TransactionOptions(draft);
    }

    /** Says what the work makes of a transaction that is open around it. Default: {@link Propagation#REQUIRED}. */
    public TransactionOptions propagation(Propagation propagation) {
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.propagation = Objects.requireNonNull(propagation, "propagation");
        return new TransactionOptions(draft);
    }

    /** Lets the transaction read only: the server refuses a write with SQLSTATE 25006. */
    public TransactionOptions readOnly() {
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.readOnly = true;
        return new TransactionOptions(draft);
    }

    /**
     * Lets the transaction wait at its start for a snapshot that no serialization failure can reach.
     *
     * @throws IllegalStateException unless the options are serializable and read only: elsewhere it would mean nothing
     */
    public TransactionOptions deferrable() {
        if (draft.isolationLevel != IsolationLevel.SERIALIZABLE || !draft.readOnly) {
            throw new IllegalStateException(
                    "deferrable means something for serializable().readOnly() only, and these options are " + this);
        }
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.deferrable = true;
        return new TransactionOptions(draft);
    }

    /** Names the transaction in errors. */
    public TransactionOptions name(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        TransactionDraft draft = new TransactionDraft(this.draft);
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
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.deadline = checked("deadline", deadline);
        return new TransactionOptions(draft);
    }

    /**
     * Limits each statement: the server stops it with SQLSTATE 57014. The setting ends with the transaction.
     *
     * @param statementTimeout from 1 ms to 2147483647 ms; as the server has it by default, or the deadline where there is one
     */
    public TransactionOptions statementTimeout(Duration statementTimeout) {
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.statementTimeout = checked("statementTimeout", statementTimeout);
        return new TransactionOptions(draft);
    }

    /**
     * Limits each wait for a lock: the server ends it with SQLSTATE 55P03. The setting ends with the transaction.
     *
     * @param lockTimeout from 1 ms to 2147483647 ms; as the server has it by default
     */
    public TransactionOptions lockTimeout(Duration lockTimeout) {
        TransactionDraft draft = new TransactionDraft(this.draft);
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
        TransactionDraft draft = new TransactionDraft(this.draft);
        Predicate<Throwable> before = draft.rollbackOn;
        draft.rollbackOn = failure -> before.test(failure) && errors.test(failure);
        return new TransactionOptions(draft);
    }

    /** Commits in spite of these errors of the work, and then fails with them; see {@link #rollbackOn}. */
    public TransactionOptions noRollbackOn(Predicate<? super Throwable> errors) {
        Objects.requireNonNull(errors, "errors");
        return rollbackOn(failure -> !errors.test(failure));
    }

    /**
     * Runs the whole block again, at most so many times, when it was rolled back by a serialization failure (SQLSTATE 40001) or a deadlock
     * (40P01), or when nothing of it was sent: no connection could be made, or it was found lost at the BEGIN. On nothing else, and never
     * when it is not known whether it committed; a stream only before its first element.
     *
     * <p>Before the k-th time waits a random time below 10 ms * 2^(k-1), 500 ms at most. The deadline covers all of it. A database keeps a
     * budget for this, so that retries add 10 % at most to the load of a server on which nothing succeeds: when it is used up, the error
     * of the last run is passed on. Whatever the block does besides its transaction is done again, {@link Propagation#REQUIRES_NEW} work
     * included. Joined and nested work is not run again by itself, but with the transaction around.
     *
     * @param times from 0 to 100; 0 by default
     */
    public TransactionOptions retry(int times) {
        if (times < 0 || times > MOST_RETRIES) {
            throw new IllegalArgumentException("retry must be from 0 to " + MOST_RETRIES + " times, was " + times);
        }
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.retries = times;
        return new TransactionOptions(draft);
    }

    /**
     * Asks the server for the transaction's id before the commit, one round trip more, so that {@link CommitUnknownException#resolve()}
     * can find out what became of it. A block that runs no statement asks nothing.
     */
    public TransactionOptions resolvable() {
        TransactionDraft draft = new TransactionDraft(this.draft);
        draft.resolvable = true;
        return new TransactionOptions(draft);
    }

    private static Duration checked(String option, Duration limit) {
        TimeLimit.check(option, limit);
        return limit;
    }

    /** What the work makes of a transaction that is open around it. */
    public Propagation propagation() {
        return draft.propagation;
    }

    /** The isolation level, empty for the server's own. */
    public Optional<IsolationLevel> isolationLevel() {
        return Optional.ofNullable(draft.isolationLevel);
    }

    /** Whether the transaction can only read. */
    public boolean isReadOnly() {
        return draft.readOnly;
    }

    /** Whether the transaction waits for a safe snapshot. */
    public boolean isDeferrable() {
        return draft.deferrable;
    }

    /** The name in errors. */
    public Optional<String> name() {
        return Optional.ofNullable(draft.name);
    }

    /** How long the whole block may take. */
    public Optional<Duration> deadline() {
        return Optional.ofNullable(draft.deadline);
    }

    /** How long one statement may take. */
    public Optional<Duration> statementTimeout() {
        return Optional.ofNullable(draft.statementTimeout);
    }

    /** How long one wait for a lock may take. */
    public Optional<Duration> lockTimeout() {
        return Optional.ofNullable(draft.lockTimeout);
    }

    /** How many times the block is run again at most. */
    public int retries() {
        return draft.retries;
    }

    /** Whether the fate of a commit that was not answered can be found out. */
    public boolean isResolvable() {
        return draft.resolvable;
    }

    /** How long the server lets one statement run, as the BEGIN tells it. */
    Optional<Duration> timePerStatement() {
        return Optional.ofNullable(draft.timePerStatement());
    }

    /** Whether this error of the work rolls back. */
    boolean rollsBackOn(Throwable failure) {
        return draft.rollbackOn.test(failure);
    }

    /** The BEGIN with all that belongs to it: when its first part fails, the server skips the rest. */
    Preamble preamble() {
        return preamble;
    }

    String beginSql() {
        return preamble.sql();
    }

    /** Returns what the BEGIN says, with the propagation where it is not the default, the name, the deadline and the attempts. */
    @Override
    public String toString() {
        return beginSql()
                + (draft.propagation == Propagation.REQUIRED ? "" : ", " + draft.propagation)
                + (draft.name == null ? "" : ", name " + draft.name)
                + (draft.deadline == null ? "" : ", deadline " + draft.deadline)
                + (draft.retries == 0 ? "" : ", retry " + draft.retries)
                + (draft.resolvable ? ", resolvable" : "");
    }
}
