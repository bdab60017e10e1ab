package io.github.r2dbcsession;

import io.github.r2dbcsession.Program.Caught;
import io.github.r2dbcsession.Program.Combination;
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
import java.util.Random;
import java.util.stream.IntStream;

/** Makes one program of a seed. */
final class ProgramGenerator {

    private static final int DEEPEST = 6;

    private final Random random;
    private int rows;

    ProgramGenerator(long seed) {
        this.random = new Random(seed);
    }

    Program program() {
        return random.nextInt(4) == 0 ? sequence(0, 0) : scope(0, 0);
    }

    private Program step(int depth, int handles) {
        int die = random.nextInt(20);
        if (depth < DEEPEST && die < 7) {
            return scope(depth, handles);
        }
        return switch (die) {
            case 7, 8 -> new Caught(depth < DEEPEST ? sequence(depth + 1, handles) : new Fail());
            case 9 -> new Rethrown(depth < DEEPEST ? sequence(depth + 1, handles) : new Fail());
            case 10 -> new WrongWrite(via(handles));
            case 11 -> new Fail();
            case 12 -> parallel(via(handles));
            default -> new Write(rows++, via(handles));
        };
    }

    private Program sequence(int depth, int handles) {
        return new Sequence(IntStream.range(0, 1 + random.nextInt(4))
                .mapToObj(i -> step(depth, handles))
                .toList());
    }

    private Program scope(int depth, int handles) {
        Form form = any(Form.values());
        boolean operator = form == Form.MONO_OPERATOR || form == Form.FLUX_OPERATOR;
        Options options = operator || random.nextInt(4) == 0 ? null : options(form);
        return new Scope(form, options, ending(form, operator), sequence(depth + 1, handles + 1));
    }

    private Ending ending(Form form, boolean operator) {
        int die = random.nextInt(12);
        if (die == 0) {
            return Ending.CANCEL;
        }
        if (form == Form.UNIT) {
            return die < 8 ? Ending.COMMIT : Ending.COMPLETE;
        }
        return die == 1 && !operator ? Ending.MARK : Ending.COMPLETE;
    }

    private Options options(Form form) {
        Propagation propagation = form == Form.UNIT
                ? any(Propagation.REQUIRED, Propagation.REQUIRES_NEW)
                : random.nextInt(3) == 0 ? Propagation.NESTED : any(Propagation.values());
        return new Options(
                propagation,
                random.nextInt(4) == 0 ? Integer.valueOf(random.nextInt(4)) : null,
                random.nextInt(8) == 0,
                random.nextInt(6) == 0);
    }

    private Program parallel(int via) {
        return new Parallel(
                any(Combination.values()),
                IntStream.range(0, 2 + random.nextInt(2))
                        .mapToObj(i -> new Write(rows++, via))
                        .toList());
    }

    /** Mostly the innermost handle or the database, at times a scope further out. */
    private int via(int handles) {
        int die = random.nextInt(6);
        if (handles == 0 || die < 2) {
            return Program.DATABASE;
        }
        return die == 2 ? random.nextInt(handles) : 0;
    }

    @SafeVarargs
    private <T> T any(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
