package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every order of joining and leaving, four places with three deadlines, six steps. Each step is atomic, so these are all interleavings. */
class WaitingLineTest {

    private static final int MOST = 3;
    private static final int STEPS = 6;
    private static final long LATER = 1_000_000_000_000L;

    @Test
    void theLineIsWhatASortedListWouldBe() {
        int places = 4;
        int commands = 2 * places;
        for (long all = Math.round(Math.pow(commands, STEPS)) - 1; all >= 0; all--) {
            run(all, places, commands);
        }
    }

    private static void run(long all, int places, int commands) {
        WaitingLine line = new WaitingLine();
        List<Waiting> callers = new ArrayList<>();
        for (int i = 0; i < places; i++) {
            callers.add(new Waiting(System.nanoTime() + LATER + i % 3 * LATER));
        }
        List<Waiting> model = new ArrayList<>();
        long rest = all;
        for (int step = 0; step < STEPS; step++) {
            int command = (int) (rest % commands);
            rest /= commands;
            Waiting caller = callers.get(command / 2);
            if (command % 2 == 0) {
                boolean fits = model.contains(caller) || model.size() < MOST;
                assertThat(line.join(caller, MOST)).isEqualTo(fits);
                if (fits && !model.contains(caller)) {
                    model.add(caller);
                    model.sort(Comparator.comparingLong(Waiting::deadline));
                }
            } else {
                line.leave(caller);
                model.remove(caller);
            }
            List<WaitingLine.Place> there = new ArrayList<>();
            line.forEach(there::add);
            if (!there.equals(model) || line.size() != model.size()) {
                throw new AssertionError("commands " + all + ", step " + step + ": " + there + ", not " + model);
            }
        }
        callers.forEach(line::leave);
    }

    private static final class Waiting extends WaitingLine.Place {

        private final long deadline;

        Waiting(long deadline) {
            this.deadline = deadline;
        }

        @Override
        long deadline() {
            return deadline;
        }

        @Override
        boolean isHolding() {
            return false;
        }

        @Override
        void outOfTime() {}

        @Override
        long start() {
            return 0;
        }

        @Override
        void resume() {}

        @Override
        boolean take(Pooled pooled) {
            return false;
        }

        @Override
        void giveUp(Throwable failure) {}
    }
}
