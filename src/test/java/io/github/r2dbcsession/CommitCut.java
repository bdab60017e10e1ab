package io.github.r2dbcsession;

import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.Message;
import io.github.r2dbcsession.testing.OwnServer;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.Trap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Where around a COMMIT the connection is cut, what is to be told then, and whether the row is there. */
enum CommitCut {
    BEFORE_COMMIT_LEAVES(TransactionOutcome.ROLLED_BACK, false),
    HALF_OF_COMMIT(TransactionOutcome.UNKNOWN, false),
    KILLED_BEFORE_FLUSH(TransactionOutcome.UNKNOWN, false),
    REPLY_DROPPED(TransactionOutcome.UNKNOWN, true),
    REPLY_HALF_SENT(TransactionOutcome.UNKNOWN, true),
    REPLY_SENT(TransactionOutcome.COMMITTED, true),
    CANCELLED_AFTER_SEND(TransactionOutcome.UNKNOWN, true),
    DEADLINE_AFTER_SEND(TransactionOutcome.UNKNOWN, true);

    private final TransactionOutcome told;
    private final boolean present;

    CommitCut(TransactionOutcome told, boolean present) {
        this.told = told;
        this.present = present;
    }

    TransactionOutcome told() {
        return told;
    }

    boolean present() {
        return present;
    }

    /** What the caller who was told UNKNOWN finds out; null where there is no such caller. */
    @Nullable
    CommitResolution resolution(boolean resolvable) {
        if (told != TransactionOutcome.UNKNOWN || this == CANCELLED_AFTER_SEND) {
            return null;
        }
        CommitResolution truth = present ? CommitResolution.COMMITTED : CommitResolution.ABORTED;
        return resolvable ? truth : CommitResolution.UNKNOWN;
    }

    /**
     * Sets the trap.
     *
     * @param cancel cancels the caller
     * @param awaitEnd returns when the caller has been told
     */
    void set(ProtocolProxy proxy, OwnServer server, Fault fault, Runnable cancel, Runnable awaitEnd) {
        Trap atCommit = proxy.trap(Message.statement("COMMIT"));
        Trap atReply = proxy.trap(Message.tag("COMMIT"));
        switch (this) {
            case BEFORE_COMMIT_LEAVES ->
                proxy.trap(readyAfter("INSERT 0 1")).passingAll().cut(fault);
            case HALF_OF_COMMIT -> atCommit.passing(6).cut(fault);
            case KILLED_BEFORE_FLUSH ->
                atCommit.first(server::freeze).passingAll().then(server::crash).cut(fault);
            case REPLY_DROPPED -> atReply.cut(fault);
            case REPLY_HALF_SENT -> atReply.passing(6).cut(fault);
            case REPLY_SENT -> proxy.trap(readyAfter("COMMIT")).passingAll().cut(fault);
            case CANCELLED_AFTER_SEND -> atReply.first(pid -> cancel.run()).cut(fault);
            case DEADLINE_AFTER_SEND -> atReply.first(pid -> awaitEnd.run()).cut(fault);
        }
    }

    private static Predicate<Message> readyAfter(String tag) {
        AtomicBoolean seen = new AtomicBoolean();
        return message -> {
            if (Message.tag(tag).test(message)) {
                seen.set(true);
            }
            return seen.get() && Message.ready().test(message);
        };
    }
}
