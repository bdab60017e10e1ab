package io.github.r2dbcsession;

import io.github.r2dbcsession.Program.Caught;
import io.github.r2dbcsession.Program.Ending;
import io.github.r2dbcsession.Program.Fail;
import io.github.r2dbcsession.Program.Form;
import io.github.r2dbcsession.Program.Options;
import io.github.r2dbcsession.Program.Parallel;
import io.github.r2dbcsession.Program.Rethrown;
import io.github.r2dbcsession.Program.Scope;
import io.github.r2dbcsession.Program.Sequence;
import io.github.r2dbcsession.Program.Write;
import io.github.r2dbcsession.Program.WrongWrite;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Predicts what a program does, from the documentation of this library and of PostgreSQL alone. Pure. */
final class ProgramModel {

    static final String USER = "user code";

    private static final String ROLLED_BACK = "TransactionRolledBackException";
    private static final String REFUSED = "PropagationException";
    private static final String ENDED = "ScopeEndedException";
    private static final String ABORTED = "25P02";
    private static final List<String> LEVELS =
            List.of("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE");
    private static final Options DEFAULTS = new Options(Propagation.REQUIRED, null, false, false);

    private final int poolSize;
    private final Set<Integer> committed = new TreeSet<>();
    private final List<String> control = new ArrayList<>();
    private final List<TransactionOutcome> outcomes = new ArrayList<>();
    private int acquires;

    private ProgramModel(int poolSize) {
        this.poolSize = poolSize;
    }

    static ProgramOutcome predict(Program program, int poolSize) {
        ProgramModel model = new ProgramModel(poolSize);
        String end = ProgramOutcome.COMPLETE;
        try {
            model.run(program, new Place(null, 0, List.of()));
        } catch (Failure failure) {
            end = failure.getMessage();
        }
        return new ProgramOutcome(
                end,
                model.committed,
                model.control.stream().sorted().toList(),
                model.acquires,
                model.outcomes.stream().sorted().toList());
    }

    /** An error, known by its name. */
    private static final class Failure extends RuntimeException {

        private static final long serialVersionUID = 1;

        Failure(String name) {
            super(name);
        }
    }

    /** A transaction on the server and the block that runs it. Savepoints stand in the order in which they were set. */
    private static final class Running {

        private final Options options;
        private final List<Level> levels = new ArrayList<>(List.of(new Level("")));
        private boolean begun;
        private boolean failed;
        private boolean ended;
        private boolean rollbackOnly;
        private int savepoints;

        Running(Options options) {
            this.options = options;
        }
    }

    /** The rows written since a savepoint. */
    private record Level(String savepoint, List<Integer> rows) {
        Level(String savepoint) {
            this(savepoint, new ArrayList<>());
        }
    }

    /** What is open: a transaction, or nested work in it. */
    private static final class Open {

        private final Running transaction;
        private final @Nullable String savepoint;
        private boolean rollbackOnly;

        Open(Running transaction, @Nullable String savepoint) {
            this.transaction = transaction;
            this.savepoint = savepoint;
        }

        void mark() {
            if (savepoint == null) {
                transaction.rollbackOnly = true;
            } else {
                rollbackOnly = true;
            }
        }
    }

    /**
     * Where in the program a step runs.
     *
     * @param open what joins would join
     * @param held how many connections the scopes around hold
     * @param handles what the scopes around were handed, the innermost first; null for a handle without a transaction
     */
    private record Place(@Nullable Open open, int held, List<@Nullable Open> handles) {

        Place inside(@Nullable Open newOpen, int newHeld, @Nullable Open handle) {
            List<@Nullable Open> inner = new ArrayList<>();
            inner.add(handle);
            inner.addAll(handles);
            return new Place(newOpen, newHeld, inner);
        }

        /** Where a statement goes; null for a connection of its own. */
        @Nullable
        Open target(int via) {
            Open handle = via == Program.DATABASE || via >= handles.size() ? null : handles.get(via);
            return handle == null ? open : handle;
        }
    }

    private void run(Program program, Place place) {
        if (program instanceof Write write) {
            write(write.row(), place.target(write.via()), place.held);
        } else if (program instanceof WrongWrite write) {
            write(null, place.target(write.via()), place.held);
        } else if (program instanceof Fail) {
            throw new Failure(USER);
        } else if (program instanceof Caught caught) {
            try {
                run(caught.body(), place);
            } catch (Failure swallowed) {
                // That is what it is for.
            }
        } else if (program instanceof Rethrown rethrown) {
            try {
                run(rethrown.body(), place);
            } catch (Failure failure) {
                throw new Failure("rethrown " + failure.getMessage());
            }
        } else if (program instanceof Sequence sequence) {
            sequence.steps().forEach(step -> run(step, place));
        } else if (program instanceof Parallel parallel) {
            parallel.writes().forEach(write -> run(write, place));
        } else if (program instanceof Scope scope) {
            block(scope, place);
        }
    }

    /** Inserts a row, or one that is there already where it is null. */
    private void write(@Nullable Integer row, @Nullable Open target, int held) {
        if (target == null) {
            acquire(held);
            if (row == null) {
                throw new Failure("23505");
            }
            committed.add(row);
            return;
        }
        Running transaction = target.transaction;
        send(transaction);
        if (transaction.options.readOnly() || row == null) {
            transaction.failed = true;
            throw new Failure(transaction.options.readOnly() ? "25006" : "23505");
        }
        transaction.levels.get(transaction.levels.size() - 1).rows.add(row);
    }

    /** Sends something in a transaction, the BEGIN before where it is the first. */
    private void send(Running transaction) {
        if (transaction.ended) {
            throw new Failure(ENDED);
        }
        if (!transaction.begun) {
            transaction.begun = true;
            control.add(begin(transaction.options));
        }
        if (transaction.failed) {
            throw new Failure(ABORTED);
        }
    }

    private static String begin(Options options) {
        return "BEGIN" + (options.isolation() == null ? "" : " ISOLATION LEVEL " + LEVELS.get(options.isolation()))
                + (options.readOnly() ? " READ ONLY" : "");
    }

    private void acquire(int held) {
        if (held >= poolSize) {
            throw new Failure("NestedAcquireException");
        }
        acquires++;
    }

    private void block(Scope scope, Place place) {
        Options options = scope.options() == null ? DEFAULTS : scope.options();
        Open open = place.open;
        if (scope.form() == Form.UNIT) {
            begun(scope, options, place);
        } else if (open == null) {
            switch (options.propagation()) {
                case REQUIRED, REQUIRES_NEW, NESTED -> begun(scope, options, place);
                case SUPPORTS, NOT_SUPPORTED, NEVER -> without(scope, options, place);
                case MANDATORY -> throw new Failure(REFUSED);
            }
        } else {
            switch (options.propagation()) {
                case REQUIRED, SUPPORTS, MANDATORY -> joined(scope, options, place, open);
                case REQUIRES_NEW -> begun(scope, options, place);
                case NESTED -> nested(scope, options, place, open);
                case NOT_SUPPORTED -> without(scope, options, place);
                case NEVER -> throw new Failure(REFUSED);
            }
        }
    }

    private void begun(Scope scope, Options options, Place place) {
        acquire(place.held);
        Running transaction = new Running(options);
        Open open = new Open(transaction, null);
        boolean operator = scope.form() == Form.MONO_OPERATOR || scope.form() == Form.FLUX_OPERATOR;
        try {
            run(scope.body(), place.inside(open, place.held + 1, operator ? null : open));
            if (scope.ending() == Ending.MARK) {
                open.mark();
            }
            boolean commits =
                    scope.form() == Form.UNIT ? scope.ending() == Ending.COMMIT : scope.ending() != Ending.CANCEL;
            if (commits) {
                commit(transaction);
            }
            rollBack(transaction);
        } catch (Failure failure) {
            if (scope.form() != Form.UNIT
                    && options.lenient()
                    && failure.getMessage().equals(USER)) {
                commit(transaction);
            }
            rollBack(transaction);
            throw failure;
        }
    }

    private void commit(Running transaction) {
        if (transaction.ended) {
            return;
        }
        if (transaction.rollbackOnly) {
            rollBack(transaction);
            throw new Failure(ROLLED_BACK);
        }
        transaction.ended = true;
        if (transaction.begun) {
            control.add("COMMIT");
        }
        outcomes.add(transaction.failed ? TransactionOutcome.ROLLED_BACK : TransactionOutcome.COMMITTED);
        if (transaction.failed) {
            throw new Failure(ROLLED_BACK);
        }
        transaction.levels.forEach(level -> committed.addAll(level.rows));
    }

    private void rollBack(Running transaction) {
        if (transaction.ended) {
            return;
        }
        transaction.ended = true;
        if (transaction.begun) {
            control.add("ROLLBACK");
        }
        outcomes.add(TransactionOutcome.ROLLED_BACK);
    }

    private void without(Scope scope, Options options, Place place) {
        if (options.isolation() != null || options.readOnly()) {
            throw new Failure(REFUSED);
        }
        run(scope.body(), place.inside(null, place.held, null));
        if (scope.ending() == Ending.MARK) {
            throw new Failure("IllegalStateException");
        }
    }

    private void joined(Scope scope, Options options, Place place, Open open) {
        requireMet(scope.options(), open);
        boolean operator = scope.form() == Form.MONO_OPERATOR || scope.form() == Form.FLUX_OPERATOR;
        try {
            run(scope.body(), place.inside(open, place.held, operator ? null : open));
            if (scope.ending() == Ending.MARK || scope.ending() == Ending.CANCEL) {
                open.mark();
            }
        } catch (Failure failure) {
            if (!(options.lenient() && failure.getMessage().equals(USER))) {
                open.mark();
            }
            throw failure;
        }
    }

    private void nested(Scope scope, Options options, Place place, Open outer) {
        requireMet(scope.options(), outer);
        Running transaction = outer.transaction;
        String name = "\"nested_" + ++transaction.savepoints + "\"";
        Open open = new Open(transaction, name);
        try {
            savepoint(transaction, name);
            run(scope.body(), place.inside(open, place.held, open));
        } catch (Failure failure) {
            if (options.lenient() && failure.getMessage().equals(USER)) {
                release(open);
            } else {
                rollBackTo(open);
            }
            throw failure;
        }
        switch (scope.ending()) {
            case CANCEL -> transaction.rollbackOnly = true;
            case MARK -> {
                open.mark();
                release(open);
            }
            default -> release(open);
        }
    }

    private void savepoint(Running transaction, String name) {
        boolean sent = !transaction.ended;
        try {
            send(transaction);
            transaction.levels.add(new Level(name));
        } finally {
            if (sent) {
                control.add("SAVEPOINT " + name);
            }
        }
    }

    private void release(Open open) {
        Running transaction = open.transaction;
        if (open.rollbackOnly) {
            rollBackTo(open);
            throw new Failure(ROLLED_BACK);
        }
        control.add("RELEASE SAVEPOINT " + open.savepoint);
        if (transaction.failed) {
            rollBackTo(open);
            throw new Failure(ROLLED_BACK);
        }
        List<Level> levels = transaction.levels;
        int index = index(open);
        List<Level> released = levels.subList(index, levels.size());
        released.forEach(level -> levels.get(index - 1).rows.addAll(level.rows));
        released.clear();
    }

    private void rollBackTo(Open open) {
        Running transaction = open.transaction;
        if (transaction.ended) {
            transaction.rollbackOnly = true;
            return;
        }
        control.add("ROLLBACK TO SAVEPOINT " + open.savepoint + "; RELEASE SAVEPOINT " + open.savepoint);
        int index = index(open);
        if (index < 0) {
            // The savepoint was never set.
            transaction.failed = true;
            transaction.rollbackOnly = true;
            return;
        }
        transaction.levels.subList(index, transaction.levels.size()).clear();
        transaction.failed = false;
    }

    private static int index(Open open) {
        List<Level> levels = open.transaction.levels;
        for (int i = levels.size() - 1; i >= 0; i--) {
            if (levels.get(i).savepoint.equals(open.savepoint)) {
                return i;
            }
        }
        return -1;
    }

    private static void requireMet(@Nullable Options asked, Open outer) {
        if (asked == null) {
            return;
        }
        Options open = outer.transaction.options;
        int there = open.isolation() == null ? 1 : open.isolation();
        boolean weaker = asked.isolation() != null && there < asked.isolation();
        if (weaker && !(open.isolation() == null && asked.isolation() <= 1)) {
            throw new Failure(REFUSED);
        }
        if (open.readOnly() && !asked.readOnly()) {
            throw new Failure(REFUSED);
        }
    }
}
