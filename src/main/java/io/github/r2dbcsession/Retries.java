package io.github.r2dbcsession;

import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.CredentialsUnavailableException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Which work is worth running again, when, and how often all of a database's callers together may.
 *
 * <p>The budget is a bucket of tokens, of which a retry takes one. Each block puts a tenth of one in, so that a server on which nothing
 * succeeds gets a tenth of load on top, and each commit puts some in, for a server that commits is not failing, only contended.
 */
final class Retries {

    private static final double RESERVE = 100;
    private static final double PER_BLOCK = 0.1;
    private static final double PER_COMMIT = 10;
    private static final long FIRST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 500;

    private double tokens = RESERVE;

    /** A block begins that may be run again. */
    synchronized void began() {
        tokens = Math.min(RESERVE, tokens + PER_BLOCK);
    }

    /** Such a block has committed. */
    synchronized void committed() {
        tokens = Math.min(RESERVE, tokens + PER_COMMIT);
    }

    /** Takes one retry from the budget; false when it is used up. */
    synchronized boolean take() {
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }

    /** Whether work that failed so may well succeed when it is run again, given that nothing of it stays. */
    static boolean worthwhile(Throwable failure) {
        boolean worthwhile = false;
        Throwable at = failure;
        for (int depth = 0; at != null && depth < 20; depth++) {
            if (at instanceof CommitUnknownException
                    || at instanceof StatementUnknownException
                    || at instanceof R2dbcTimeoutException) {
                return false;
            }
            worthwhile |= isNotSent(at)
                    || Classification.of(Failures.sqlState(at), Phase.STATEMENT).again();
            at = at.getCause();
        }
        return worthwhile;
    }

    /** Of what says that nothing was sent, that which may pass; a time that was waited in vain already is not waited again. */
    private static boolean isNotSent(Throwable failure) {
        return failure instanceof NotSentException
                || failure instanceof ConnectFailedException
                || failure instanceof NoSuitableHostException
                || failure instanceof CredentialsUnavailableException;
    }

    /**
     * A random time up to a limit that doubles, so that those who failed together do not come back together.
     *
     * @param retry which it is, from 1
     */
    static Duration pause(int retry) {
        long limit = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(retry - 1, 10));
        return Duration.ofNanos(
                ThreadLocalRandom.current().nextLong(Duration.ofMillis(limit).toNanos()));
    }
}
