package io.github.r2dbcsession.internal.connection;

import java.util.ArrayList;
import java.util.List;

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
        COMMIT(0),
        ROLLBACK(1),
        OTHER(2);

        private final int place;

        Tag(int place) {
            this.place = place;
        }
    }

    static final WireState START = new WireState(0, '?', Tag.OTHER);

    private static final String STATUSES = "ITE";
    private static final int MOST_SHARED = 2;
    private static final int TAGS = Tag.values().length;
    private static final WireState[] SHARED = shared();

    WireState asked() {
        return with(owed + 1, status, tag);
    }

    WireState answered(char newStatus) {
        return with(Math.max(0, owed - 1), newStatus, tag);
    }

    WireState tagged(Tag newTag) {
        return newTag == tag ? this : with(owed, status, newTag);
    }

    /** The states that statements pass through one by one, in a transaction or not, are shared, so that these allocate none. */
    private static WireState with(int owed, char status, Tag tag) {
        int at = STATUSES.indexOf(status);
        return at < 0 || owed > MOST_SHARED
                ? new WireState(owed, status, tag)
                : SHARED[(at * TAGS + tag.place) * (MOST_SHARED + 1) + owed];
    }

    private static WireState[] shared() {
        List<WireState> states = new ArrayList<>();
        for (int at = 0; at < STATUSES.length(); at++) {
            for (Tag tag : Tag.values()) {
                for (int owed = 0; owed <= MOST_SHARED; owed++) {
                    states.add(new WireState(owed, STATUSES.charAt(at), tag));
                }
            }
        }
        return states.toArray(WireState[]::new);
    }
}
