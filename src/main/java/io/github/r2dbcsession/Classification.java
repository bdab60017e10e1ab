package io.github.r2dbcsession;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an error says of the work that it ended: the one table that decides it. Total: every SQLSTATE has its row, one not known too.
 *
 * @param verdict what has become of the work
 * @param again whether doing the same work again may well succeed, and cannot do it twice
 */
record Classification(Verdict verdict, boolean again) {

    /** A server that speaks otherwise, that rejects, or whose database is gone, does so the next time too. */
    private static final Set<String> LASTING = Set.of("08P01", "08004", "57P04");

    /**
     * Classifies an error.
     *
     * @param sqlState null where the server did not answer
     */
    static Classification of(@Nullable String sqlState, Phase phase) {
        String state = sqlState == null ? "08006" : sqlState;
        if (isNoAnswer(state)) {
            return switch (phase) {
                case UNSENT, BEGIN -> new Classification(Verdict.NOT_SENT, !LASTING.contains(state));
                case STATEMENT -> new Classification(Verdict.NOT_COMMITTED, false);
                case COMMIT -> new Classification(Verdict.COMMIT_UNKNOWN, false);
                case AUTOCOMMIT -> new Classification(Verdict.STATEMENT_UNKNOWN, false);
            };
        }
        if (phase == Phase.UNSENT) {
            return new Classification(Verdict.NOT_SENT, state.startsWith("53"));
        }
        return switch (state) {
            case "40001", "40P01" -> new Classification(Verdict.ABORTED, true);
            case "25006" -> new Classification(Verdict.WRONG_ROLE, false);
            case "57014" -> new Classification(Verdict.CANCELLED, false);
            default -> new Classification(Verdict.ABORTED, false);
        };
    }

    /** The connection or the server was lost, or the server itself cannot tell (40003): the fate of what was sent is open. */
    private static boolean isNoAnswer(String state) {
        return state.startsWith("08") || state.startsWith("57P") || state.equals("40003");
    }
}
