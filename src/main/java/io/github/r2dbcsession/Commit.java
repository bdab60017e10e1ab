package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.postgresql.api.PostgresqlException;
import io.r2dbc.spi.Result;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * One COMMIT and what its answer says. It counts when the command tag confirms it and no warning takes that back.
 *
 * @param transaction the transaction, which lets no statement in any more
 * @param lease its connection
 */
record Commit(DefaultTransaction transaction, Lease lease) {

    private static final String NO_TRANSACTION = "25P01";
    private static final String REPLICATION_NOT_AWAITED = "57014";

    /** Sends it. Completes when the server has confirmed it; fails with what became of it otherwise. */
    Mono<Void> send() {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            Phase phase = lease.isOpen() ? Phase.COMMIT : Phase.STATEMENT;
            return lease.converse("COMMIT", statement -> {}, Commit::warnings)
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

    private static Publisher<String> warnings(Result result) {
        return result.flatMap(
                segment -> segment instanceof Result.Message message ? warning(message) : Mono.<String>empty());
    }

    private static Mono<String> warning(Result.Message message) {
        boolean error = message.exception() instanceof PostgresqlException failure
                && List.of("ERROR", "FATAL", "PANIC")
                        .contains(failure.getErrorDetails().getSeverityNonLocalized());
        return error ? Mono.error(message.exception()) : Mono.just(message.sqlState());
    }

    private @Nullable Throwable flaw(List<String> warnings) {
        if (!lease.committed()) {
            return transaction.rolledBack();
        }
        if (warnings.contains(NO_TRANSACTION)) {
            return new TransactionVanishedException(transaction.described(), Phase.COMMIT);
        }
        return warnings.contains(REPLICATION_NOT_AWAITED)
                ? new CommittedLocallyException(transaction.described())
                : null;
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
