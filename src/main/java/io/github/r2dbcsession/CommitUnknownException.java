package io.github.r2dbcsession;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The connection was lost, or the deadline passed, after the commit was sent and before its answer came: the transaction has either
 * committed as a whole or not at all, and this side cannot tell which. Never repeated by the library. SQLSTATE 08007 (transaction
 * resolution unknown).
 */
public final class CommitUnknownException extends R2dbcNonTransientResourceException {

    private static final long serialVersionUID = 1;

    private final @Nullable TransactionId transactionId;
    private final transient @Nullable Mono<CommitResolution> resolution;

    CommitUnknownException(
            String transaction,
            @Nullable Throwable cause,
            @Nullable TransactionId transactionId,
            @Nullable Mono<CommitResolution> resolution) {
        super(
                "no answer to the COMMIT of the " + transaction + " came, it has committed or it has not: "
                        + (transactionId == null ? "look at the data" : "ask resolve()")
                        + " before doing the work again",
                "08007",
                0,
                (String) null,
                cause);
        this.transactionId = transactionId;
        this.resolution = resolution;
    }

    /** What identifies the transaction on the server; empty unless it was {@link TransactionOptions#resolvable()}. */
    public Optional<TransactionId> transactionId() {
        return Optional.ofNullable(transactionId);
    }

    /**
     * Asks the server what has become of the commit, and emits the answer.
     *
     * <p>A subscription connects outside the pool, to the same database, and asks until the transaction is no longer in progress. A server
     * process that still holds it open after 250 ms is ended: this side has lost its connection, and nobody else can finish it. After 10 s
     * emits {@link CommitResolution#UNKNOWN}, and so it does at once for a transaction that was not
     * {@link TransactionOptions#resolvable()}. Never fails. Cancelling gives the connection back. Emits on a driver thread or on Reactor's
     * parallel scheduler.
     */
    public Mono<CommitResolution> resolve() {
        return resolution == null ? Mono.just(CommitResolution.UNKNOWN) : resolution;
    }
}
