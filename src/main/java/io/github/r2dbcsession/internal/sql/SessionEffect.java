package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.config.ResetPolicy;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a text tells of what it may leave behind in the session, beyond its transaction.
 *
 * @param kind what its statements are
 * @param names every name in it, in lower case, bare and with {@code "write "} and {@code "insert "} before it where it does that; only
 *     where it is known
 */
record SessionEffect(Kind kind, Set<String> names) {

    enum Kind {
        /** Reads or writes, and calls nothing but what leaves nothing behind, unless a name in it stands for more than it seems. */
        KNOWN,
        /** Any other SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE or SHOW. */
        PLAIN,
        /** Anything else, or not to be told. */
        OTHER,
        /** Makes the server forget what the driver has prepared. */
        FORGETS
    }

    boolean mayRemain(ResetPolicy policy, @Nullable Set<String> suspects) {
        return switch (policy) {
            case ALWAYS -> true;
            case TRUSTING -> kind != Kind.KNOWN && kind != Kind.PLAIN;
            case DEFAULT -> kind != Kind.KNOWN || suspects == null || suspected(suspects);
        };
    }

    private boolean suspected(Set<String> suspects) {
        for (String name : names) {
            if (suspects.contains(name)) {
                return true;
            }
        }
        return false;
    }
}
