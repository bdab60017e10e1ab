package io.github.r2dbcsession.testing;

import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Predicate;

/**
 * Waits in a {@link ProtocolProxy} for the first message that fits, and then breaks that message's connection. Immutable; each method
 * returns a new trap. It is set by {@link #cut}, and runs once.
 */
public final class Trap {

    private final Consumer<Trap> set;
    private final Predicate<Message> when;
    private final int passed;
    private final IntConsumer before;
    private final IntConsumer after;
    private final Fault fault;

    Trap(Consumer<Trap> set, Predicate<Message> when) {
        this(set, when, 0, pid -> {}, pid -> {}, Fault.RESET);
    }

    private Trap(
            Consumer<Trap> set,
            Predicate<Message> when,
            int passed,
            IntConsumer before,
            IntConsumer after,
            Fault fault) {
        this.set = set;
        this.when = when;
        this.passed = passed;
        this.before = before;
        this.after = after;
        this.fault = fault;
    }

    /** Passes so many bytes of the message on; none by default. */
    public Trap passing(int bytes) {
        return new Trap(set, when, bytes, before, after, fault);
    }

    /** Passes the message on. */
    public Trap passingAll() {
        return passing(Integer.MAX_VALUE);
    }

    /** Does this first, on the proxy's thread; it is told the server process. */
    public Trap first(IntConsumer action) {
        return new Trap(set, when, passed, action, after, fault);
    }

    /** Does this between passing on and breaking, on the proxy's thread; it is told the server process. */
    public Trap then(IntConsumer action) {
        return new Trap(set, when, passed, before, action, fault);
    }

    /** Sets the trap, which is to break the connection so. */
    public void cut(Fault how) {
        set.accept(new Trap(set, when, passed, before, after, how));
    }

    boolean fits(Message message) {
        return when.test(message);
    }

    int passed() {
        return passed;
    }

    IntConsumer before() {
        return before;
    }

    IntConsumer after() {
        return after;
    }

    Fault fault() {
        return fault;
    }
}
