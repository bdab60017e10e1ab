package io.github.r2dbcsession.internal.connection;

/**
 * What is known of a connection from the messages that passed. Immutable.
 *
 * @param owed how many ReadyForQuery the server owes us
 * @param status the transaction status of the last one: {@code I} idle, {@code T} in a transaction, {@code E} in a failed one
 * @param tag the tag of the last command that completed
 */
record WireState(int owed, char status, Tag tag) {

    /** The command tags that matter here. */
    enum Tag {
        COMMIT,
        ROLLBACK,
        OTHER
    }

    static final WireState START = new WireState(0, '?', Tag.OTHER);

    private static final WireState IDLE = new WireState(0, 'I', Tag.OTHER);
    private static final WireState ASKED = new WireState(1, 'I', Tag.OTHER);

    WireState asked() {
        return with(owed + 1, status, tag);
    }

    WireState answered(char newStatus) {
        return with(Math.max(0, owed - 1), newStatus, tag);
    }

    WireState tagged(Tag newTag) {
        return newTag == tag ? this : with(owed, status, newTag);
    }

    /** The two states that a plain statement passes through are shared, so that it allocates none. */
    private static WireState with(int owed, char status, Tag tag) {
        if (status == 'I' && tag == Tag.OTHER && owed <= 1) {
            return owed == 0 ? IDLE : ASKED;
        }
        return new WireState(owed, status, tag);
    }
}
