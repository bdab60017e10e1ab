package io.github.r2dbcsession.internal.pool;

/** To whom a pool lends. Thread-safe. */
final class Lending {

    private enum State {
        OPEN,
        /** To those who hold a connection already; the others wait. */
        SUSPENDED,
        /** To those who hold one already; the others are refused. */
        DRAINING,
        CLOSED
    }

    private volatile State state = State.OPEN;

    /** Has those wait who hold nothing; false where that is so, or the end has begun. */
    synchronized boolean suspend() {
        return change(State.OPEN, State.SUSPENDED);
    }

    /** Lends to all again; false where that is so, or the end has begun. */
    synchronized boolean resume() {
        return change(State.SUSPENDED, State.OPEN);
    }

    /** Begins the end; false where it has begun. */
    synchronized boolean drain() {
        return change(State.OPEN, State.DRAINING) || change(State.SUSPENDED, State.DRAINING);
    }

    /** Lends to nobody any more. */
    void close() {
        state = State.CLOSED;
    }

    private boolean change(State from, State to) {
        boolean changed = state == from;
        if (changed) {
            state = to;
        }
        return changed;
    }

    /** Whether a caller can have a connection now if there is one. */
    boolean isTo(boolean holding) {
        State now = state;
        return now == State.OPEN || (holding && now != State.CLOSED);
    }

    /** Whether a caller can have none any more. */
    boolean refuses(boolean holding) {
        State now = state;
        return now == State.CLOSED || (now == State.DRAINING && !holding);
    }

    boolean isSuspended() {
        return state == State.SUSPENDED;
    }

    boolean isClosed() {
        return state == State.CLOSED;
    }
}
