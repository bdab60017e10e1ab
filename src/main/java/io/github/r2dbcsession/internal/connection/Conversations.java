package io.github.r2dbcsession.internal.connection;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The statements of one connection whose answers have not ended. One with a time limit has the connection to itself: the time is then its
 * own, and a request to stop it can meet no other statement.
 */
final class Conversations {

    /** One of them; runs when it {@link #arrive arrives}. */
    interface Member extends Runnable {

        /** Whether it has the connection to itself. */
        boolean isAlone();

        /** Sends it; on the event loop. */
        void begin();
    }

    private final EventExecutor loop;
    private final AtomicInteger open = new AtomicInteger();

    // On the event loop only.
    private final Queue<Member> waiting = new ArrayDeque<>();
    private int begun;
    private boolean taken;
    private boolean letting;

    Conversations(EventExecutor loop) {
        this.loop = loop;
    }

    /** How many there are, those that have not begun yet included. */
    int open() {
        return open.get();
    }

    /** Counts one more, to be sent on the event loop. */
    void add(Member member) {
        open.incrementAndGet();
        if (loop.inEventLoop()) {
            arrive(member);
        } else {
            loop.execute(member);
        }
    }

    /** Sends it now or when its turn has come; on the event loop. */
    void arrive(Member member) {
        if (waiting.isEmpty() && admits(member)) {
            begin(member);
        } else {
            waiting.add(member);
        }
    }

    private boolean admits(Member member) {
        return begun == 0 || !(taken || member.isAlone());
    }

    private void begin(Member member) {
        begun++;
        taken = member.isAlone();
        member.begin();
    }

    /** One that had begun has ended. */
    void end() {
        open.decrementAndGet();
        if (loop.inEventLoop()) {
            leave();
            return;
        }
        try {
            loop.execute(this::leave);
        } catch (RejectedExecutionException stopped) {
            // Nobody is sent any more.
        }
    }

    /** One that could not begin, because the loop has stopped, is none. */
    void refuse() {
        open.decrementAndGet();
    }

    private void leave() {
        begun--;
        taken = false;
        if (letting) {
            return;
        }
        letting = true;
        for (Member next = waiting.peek(); next != null && admits(next); next = waiting.peek()) {
            waiting.remove();
            begin(next);
        }
        letting = false;
    }
}
