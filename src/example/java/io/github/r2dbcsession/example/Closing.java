package io.github.r2dbcsession.example;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what was opened, once and in reverse order: at the end of the program, or when Ctrl-C ends the JVM. Thread-safe. */
final class Closing implements AutoCloseable {

    private final Deque<Runnable> steps = new ArrayDeque<>();
    private final Thread hook = new Thread(this::closeByTheJvm, "ledger-stop");
    private volatile boolean begunByTheJvm;

    Closing() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Adds a step, which will run before all that were added earlier. */
    synchronized void add(Runnable step) {
        steps.push(step);
    }

    /** Whether the JVM is ending, so that what fails now fails because it is being closed. */
    boolean begunByTheJvm() {
        return begunByTheJvm;
    }

    /** Runs the steps; does nothing the second time. */
    @Override
    public void close() {
        closeAll();
        if (!begunByTheJvm) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The JVM has begun to end; the hook finds nothing left to do.
            }
        }
    }

    private void closeByTheJvm() {
        begunByTheJvm = true;
        closeAll();
    }

    private synchronized void closeAll() {
        while (!steps.isEmpty()) {
            steps.pop().run();
        }
    }
}
