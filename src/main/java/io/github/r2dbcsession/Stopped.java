package io.github.r2dbcsession;

import io.github.r2dbcsession.StatementCancelledException.By;
import io.r2dbc.postgresql.api.ErrorDetails;
import io.r2dbc.postgresql.api.PostgresqlException;

/** Tells from an error of the server who had a statement stopped. SQLSTATEs do not tell, and the texts only in English. */
final class Stopped {

    private static final String TIMEOUT = "canceling statement due to statement timeout";
    private static final String REQUEST = "canceling statement due to user request";

    private Stopped() {}

    /** Who on the server's side stopped the statement that failed with 57014. */
    static By by(Throwable failure) {
        String message = failure instanceof PostgresqlException told
                ? told.getErrorDetails().getMessage()
                : "";
        return switch (message) {
            case TIMEOUT -> By.STATEMENT_TIMEOUT;
            case REQUEST -> By.ADMINISTRATOR;
            default -> By.SERVER;
        };
    }

    /** Whether a wait for a lock was stopped by its time limit; NOWAIT, which stops none, has the same SQLSTATE. */
    static boolean byLockTimeout(Throwable failure) {
        if (failure instanceof PostgresqlException told) {
            ErrorDetails details = told.getErrorDetails();
            return details.getCode().equals("55P03")
                    && details.getRoutine().filter("ProcessInterrupts"::equals).isPresent();
        }
        return false;
    }
}
