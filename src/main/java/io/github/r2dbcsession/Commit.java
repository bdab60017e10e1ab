package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * One COMMIT and what its answer says. It counts when the command tag confirms it and no warning takes that back.
 *
 * @param transaction the transaction, which lets no statement in any more
 * @param lease its connection
 * @param begin its BEGIN; where the statement that was to take it along has not been sent, there is nothing to commit
 */
record Commit(DefaultTransaction transaction, Lease lease, Begin begin) {

    /** Where the server finds that no transaction is open. A trigger can give its warnings any code, but not any origin. */
    private static final String NO_TRANSACTION = "EndTransactionBlock";

    /** Where the server gives up waiting for a standby. Its warning has no code of its own, and its text is translated. */
    private static final String WAIT_FOR_STANDBY = "SyncRepWaitForLSN";

    private static final Set<String> ERRORS = Set.of("ERROR", "FATAL", "PANIC");

    /** Sends it. Completes when the server has confirmed it; fails with what became of it otherwise. */
    Mono<Void> send() {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            Phase phase = lease.isOpen() ? Phase.COMMIT : Phase.STATEMENT;
            return lease.command("COMMIT", begin::hasLeft, Commit::warnings)
                    .collectList()
                    .onErrorMap(failure -> failed(failure, phase, start))
                    .handle((warnings, sink) -> {
                        Throwable flaw = flaw(warnings);
                        if (flaw != null) {
                            sink.error(flaw);
                        }
                    });
        });
    }

    /** Where in the server its warnings come from. */
    private static Publisher<String> warnings(Result result) {
        return result.flatMap(segment ->
                segment instanceof Result.Message message ? origin(message.exception()) : Mono.<String>empty());
    }

    private static Mono<String> origin(R2dbcException message) {
        return message instanceof PostgresqlException said
                        && !ERRORS.contains(said.getErrorDetails().getSeverityNonLocalized())
                ? Mono.justOrEmpty(said.getErrorDetails().getRoutine())
                : Mono.error(message);
    }

    private @Nullable Throwable flaw(List<String> warnings) {
        if (!begin.hasLeft()) {
            return null;
        }
        if (!lease.committed()) {
            return transaction.rolledBack();
        }
        if (warnings.contains(NO_TRANSACTION)) {
            return new TransactionVanishedException(transaction.described(), Phase.COMMIT);
        }
        return warnings.contains(WAIT_FOR_STANDBY) ? new CommittedLocallyException(transaction.described()) : null;
    }

    private Throwable failed(Throwable failure, Phase phase, long start) {
        return switch (Classification.of(Failures.sqlState(failure), phase).verdict()) {
            case COMMIT_UNKNOWN -> transaction.unknown(failure);
            case NOT_COMMITTED -> transaction.notCommitted(failure);
            default -> transaction.told(failure, phase, start);
        };
    }

    /** How a transaction has ended whose commit failed so. */
    static TransactionOutcome outcome(Throwable failure) {
        if (failure instanceof CommittedLocallyException) {
            return TransactionOutcome.COMMITTED;
        }
        return failure instanceof CommitUnknownException || failure instanceof TransactionVanishedException
                ? TransactionOutcome.UNKNOWN
                : TransactionOutcome.ROLLED_BACK;
    }
}
