package io.github.r2dbcsession;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A program of nested scopes, as data: it is run, predicted, printed and cut down. Each write has a row of its own. */
sealed interface Program {

    /** Where a statement goes: the database, or the handle of the scope so many scopes further out, if there is one. */
    int DATABASE = -1;

    /** Inserts a row. */
    record Write(int row, int via) implements Program {}

    /** Inserts a row that is there already. */
    record WrongWrite(int via) implements Program {}

    /** Fails in user code. */
    record Fail() implements Program {}

    /** Goes on after any error. */
    record Caught(Program body) implements Program {}

    /** Turns an error into another. */
    record Rethrown(Program body) implements Program {}

    /** One after another. */
    record Sequence(List<Program> steps) implements Program {

        private Sequence with(int index, @Nullable Program step) {
            List<Program> changed = new ArrayList<>(steps);
            changed.remove(index);
            if (step != null) {
                changed.add(index, step);
            }
            return new Sequence(changed);
        }
    }

    /** Inserts several rows side by side. */
    record Parallel(Combination how, List<Write> writes) implements Program {}

    /** How publishers run side by side. */
    enum Combination {
        ZIP,
        MERGE,
        FLAT_MAP
    }

    /** A block. */
    record Scope(Form form, @Nullable Options options, Ending ending, Program body) implements Program {}

    /** The methods that run a block. The operators take no options, and give no handle. */
    enum Form {
        MONO,
        FLUX,
        MONO_OPERATOR,
        FLUX_OPERATOR,
        UNIT
    }

    /** What happens when the body of a block is through. */
    enum Ending {
        COMPLETE,
        /** {@code markRollbackOnly()}; for the forms with a handle. */
        MARK,
        /** The block is cancelled. */
        CANCEL,
        /** {@code commit()}; for a unit of work. */
        COMMIT
    }

    /**
     * What a block asks for.
     *
     * @param isolation an index of the four levels, from the weakest; null for the server's
     * @param lenient whether errors of user code do not roll back
     */
    record Options(Propagation propagation, @Nullable Integer isolation, boolean readOnly, boolean lenient) {}

    /** Programs that are a bit simpler, for cutting a failing one down. */
    default Stream<Program> simpler() {
        if (this instanceof Caught caught) {
            return within(caught.body, Caught::new);
        }
        if (this instanceof Rethrown rethrown) {
            return within(rethrown.body, Rethrown::new);
        }
        if (this instanceof Scope scope) {
            Stream<Program> plainer = Stream.of(
                    new Scope(
                            scope.form == Form.FLUX || scope.form == Form.FLUX_OPERATOR ? Form.MONO : scope.form,
                            scope.options,
                            scope.ending,
                            scope.body),
                    new Scope(scope.form, null, scope.ending, scope.body),
                    new Scope(
                            scope.form,
                            scope.options,
                            scope.form == Form.UNIT ? scope.ending : Ending.COMPLETE,
                            scope.body));
            return Stream.concat(
                    within(scope.body, body -> new Scope(scope.form, scope.options, scope.ending, body)),
                    plainer.filter(program -> !program.equals(this)));
        }
        if (this instanceof Sequence sequence) {
            return Stream.iterate(0, i -> i < sequence.steps.size(), i -> i + 1)
                    .flatMap(i -> Stream.concat(
                            Stream.of(sequence.with(i, null)),
                            sequence.steps.get(i).simpler().map(step -> sequence.with(i, step))));
        }
        return Stream.empty();
    }

    private static Stream<Program> within(Program body, Function<Program, Program> around) {
        return Stream.concat(Stream.of(body), body.simpler().map(around));
    }
}
