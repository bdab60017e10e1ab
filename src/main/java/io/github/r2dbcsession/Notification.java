package io.github.r2dbcsession;

/** What {@link Database#listen(String)} emits: a message, or the mark of a gap in which messages may have been missed. Immutable. */
public sealed interface Notification {

    /** The channel listened to. */
    String channel();

    /**
     * A message that a transaction sent and that was delivered when it committed.
     *
     * @param payload empty where the sender gave none
     * @param sender the server process that sent it
     */
    record Message(String channel, String payload, int sender) implements Notification {}

    /**
     * Messages may have been missed before this point, none is between this and the next gap. Whoever keeps something that the messages
     * tell of, loads it anew now.
     *
     * @param cause why
     */
    record Gap(String channel, Cause cause) implements Notification {}

    /** Why there is a gap. */
    enum Cause {
        /** The first signal of each subscription: the channel is listened to from now on. */
        STARTED,
        /** The connection was lost, and there is another. */
        RECONNECTED,
        /** The subscriber was so slow that the oldest messages kept for it have been dropped. */
        OVERFLOWED
    }
}
