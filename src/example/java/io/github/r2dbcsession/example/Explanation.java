package io.github.r2dbcsession.example;

import io.github.r2dbcsession.config.InvalidConnectionStringException;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import reactor.netty.ChannelBindException;

/** Why the program could not do its work: an exit code and one line for people. */
record Explanation(int exitCode, String line) {

    private static final int FAILED = 1;
    private static final int CALLED_WRONGLY = 2;

    static Explanation of(Throwable failure) {
        if (failure instanceof InvalidConnectionStringException) {
            return new Explanation(CALLED_WRONGLY, "DATABASE_URL: " + failure.getMessage());
        }
        if (failure instanceof ChannelBindException bind) {
            return new Explanation(
                    FAILED,
                    "port " + bind.localPort()
                            + " is taken: choose another with --port=N, or --port=0 for any free one");
        }
        if (failure instanceof AcquireTimeoutException && failure.getCause() != null) {
            return of(failure.getCause());
        }
        String message = failure.getMessage();
        return new Explanation(FAILED, message == null ? failure.toString() : message);
    }
}
