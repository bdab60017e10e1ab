package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** What a {@link ProtocolProxy} does to all that passes in one direction. Thread-safe; changes hold from the next bytes on. */
public final class Flow {

    private volatile Duration latency = Duration.ZERO;
    private volatile int piece = Integer.MAX_VALUE;
    private volatile long limit = Long.MAX_VALUE;
    private volatile Fault atLimit = Fault.RESET;
    private boolean stalled;

    Flow() {}

    /** Holds everything back for so long. */
    public void latency(Duration newLatency) {
        latency = newLatency;
    }

    /** Passes everything on in pieces of so many bytes. */
    public void slice(int bytes) {
        piece = bytes;
    }

    /** Breaks each connection made from now on when so many bytes have passed. */
    public void cutAfter(long bytes, Fault fault) {
        atLimit = fault;
        limit = bytes;
    }

    /** Lets nothing pass, nor the end of a stream, until {@link #resume()}; nothing is lost. */
    public synchronized void stall() {
        stalled = true;
    }

    /** Ends the stall. */
    public synchronized void resume() {
        stalled = false;
        notifyAll();
    }

    long limit() {
        return limit;
    }

    Fault atLimit() {
        return atLimit;
    }

    void awaitLatency() {
        LockSupport.parkNanos(latency.toNanos());
    }

    synchronized void awaitResume() throws IOException {
        while (stalled) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    void write(OutputStream out, byte[] bytes, int length) throws IOException {
        for (int from = 0; from < length; ) {
            int size = Math.min(piece, length - from);
            out.write(bytes, from, size);
            out.flush();
            from += size;
        }
    }
}
