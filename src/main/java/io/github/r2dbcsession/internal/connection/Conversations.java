package io.github.r2dbcsession.internal.connection;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.util.concurrent.Queues;

/**
 * The statements of one connection whose answers have not ended. One with a time limit has the connection to itself: the time is then its
 * own, and a request to stop it can meet no other statement. So has one whose answer is not, or not all of it, the driver's.
 */
final class Conversations {

    /** How many there are with the driver at a time, whose own limit is twice that: it refuses what is more. */
    private static final int MOST = Queues.SMALL_BUFFER_SIZE / 2;

    /** What one of them shares the connection with. */
    enum Company {
        /** With any. */
        ANY,
        /** With those that had begun before; where there are none, it has the connection to itself. */
        EARLIER,
        /** With none. */
        NONE
    }

    /** One of them; runs when it {@link #arrive arrives}. */
    interface Member extends Runnable {

        /** What it shares the connection with. */
        Company company();

        /**
         * Sends it; on the event loop.
         *
         * @param alone whether nothing else is under way
         */
        void begin(boolean alone);

        /** Tells how it has failed before its answer has ended; it counts as open until then, and nothing follows it. */
        void tellAhead(Throwable failure);
    }

    private final EventExecutor loop;
    private final AtomicInteger open = new AtomicInteger();

    // On the event loop only.
    private final Queue<Member> waiting = new ArrayDeque<>();
    private @Nullable Member latest;
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
        return begun == 0 || (begun < MOST && !taken && member.company() != Company.NONE);
    }

    private void begin(Member member) {
        boolean alone = begun == 0;
        begun++;
        taken = alone && member.company() != Company.ANY;
        latest = member;
        member.begin(alone);
    }

    /** Has the one that has the connection to itself tell how it has failed, while its answer is still waited for; on the event loop. */
    void tellAhead(Throwable failure) {
        Member sole = latest;
        if (taken && sole != null) {
            sole.tellAhead(failure);
        }
    }

    /** The one that has the connection to itself lets others follow; on the event loop. */
    void share() {
        taken = false;
        admit();
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
        latest = null;
        admit();
    }

    private void admit() {
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
