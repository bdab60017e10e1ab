package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The preamble of one transaction on its way: it goes ahead of one statement, and its owner is told once what has become of it, on the
 * connection's event loop, before whoever awaits that statement.
 */
public final class Lead implements Interceptor.Reply {

    /** Whose transaction it begins. */
    public interface Owner {

        /** Throws where the statement is not to follow any more. */
        void requireOpen();

        /** The server has done all of it. */
        void begun();

        /**
         * It has not been done, or nobody knows; no statement of the transaction stays.
         *
         * @param alone whether it failed by itself, so that no statement has run
         * @param failure null where the statement was given up before it was told
         */
        void failed(boolean alone, @Nullable Throwable failure);

        /** Something else answered that a transaction had not been begun. The connection is closed. */
        void vanished();

        /**
         * Its statement has ended before anything was sent.
         *
         * @param failure null where it was given up
         */
        void unsent(@Nullable Throwable failure);
    }

    private enum Step {
        UNSENT,
        SENT,
        FAILED,
        VANISHED,
        BEGUN
    }

    private static final byte[] BEGIN = "BEGIN\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte ERROR = 'E';
    private static final byte COMMAND_COMPLETE = 'C';

    private final Preamble preamble;
    private final Owner owner;
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile Step step = Step.UNSENT;
    private int confirmed;
    private Runnable onBegun = () -> {};
    private Runnable close = () -> {};

    /**
     * Prepares it.
     *
     * @param preamble its first command is a BEGIN
     */
    public Lead(Preamble preamble, Owner owner) {
        this.preamble = preamble;
        this.owner = owner;
    }

    /** Takes it on, to be sent or ended; true once. */
    public boolean take() {
        return taken.compareAndSet(false, true);
    }

    /** Whether it has gone out. */
    public boolean isSent() {
        return step != Step.UNSENT;
    }

    Preamble preamble() {
        return preamble;
    }

    Owner owner() {
        return owner;
    }

    /**
     * Says what else is to be done.
     *
     * @param begun when the transaction has begun
     * @param unsafe where the statement could run without it: closes the channel
     */
    void on(Runnable begun, Runnable unsafe) {
        onBegun = begun;
        close = unsafe;
    }

    void writeTo(ByteBuf bytes) {
        preamble.writeTo(bytes);
    }

    void sent() {
        step = Step.SENT;
    }

    /** Without a statement behind it, it has failed. */
    void failAlone() {
        step = Step.FAILED;
    }

    /** Without a statement behind it, it has been answered. */
    void confirm(boolean inTransaction) {
        if (inTransaction) {
            step = Step.BEGUN;
        } else {
            vanish();
            requireBegun();
        }
    }

    /** Lets others follow. */
    void tellBegun() {
        onBegun.run();
        owner.begun();
    }

    private void vanish() {
        step = Step.VANISHED;
        owner.vanished();
        close.run();
    }

    void requireBegun() {
        if (step != Step.BEGUN) {
            throw new IllegalStateException("the transaction has not been begun");
        }
    }

    /** The statement behind it has ended, or will not be sent. */
    void end(@Nullable Throwable failure) {
        switch (step) {
            case UNSENT -> owner.unsent(failure);
            case SENT -> owner.failed(false, failure);
            case FAILED -> owner.failed(true, failure);
            case VANISHED, BEGUN -> {
                // The owner knows.
            }
        }
    }

    @Override
    public boolean keeps(byte type) {
        return Command.isPartOfAnswer(type);
    }

    @Override
    public boolean seen(byte type, byte[] head, int length) {
        if (type == ERROR) {
            step = Step.FAILED;
            if (Condemnation.isUnknownStatement(head, length)) {
                close.run();
            }
            return true;
        }
        if (type == COMMAND_COMPLETE) {
            if (confirmed == 0 && !isBegin(head, length)) {
                step = Step.VANISHED;
                return true;
            }
            confirmed++;
        }
        return confirmed == preamble.commands();
    }

    private static boolean isBegin(byte[] head, int length) {
        return length >= BEGIN.length && Arrays.equals(head, 0, BEGIN.length, BEGIN, 0, BEGIN.length);
    }

    @Override
    public void end() {
        if (step == Step.SENT) {
            step = Step.BEGUN;
            tellBegun();
        } else if (step == Step.VANISHED) {
            vanish();
        }
    }

    @Override
    public void lost() {
        // The statement fails with the channel, and this with it.
    }
}
