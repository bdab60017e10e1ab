package io.github.r2dbcsession;

import java.util.Optional;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

/**
 * Work in a transaction, and how its ending ends the transaction. The connection stays with the caller.
 *
 * @param transaction the transaction, begun for this work alone
 */
record Block(DefaultTransaction transaction) {

    /** Runs the work, then commits or rolls back. */
    <T> Mono<T> complete(Mono<T> work) {
        return transaction
                .bind(work)
                .onErrorResume(failure -> endAfter(failure).then(Mono.error(failure)))
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(result -> transaction.commitOnly().then(Mono.justOrEmpty(result)))
                .doFinally(this::abandonOnCancel);
    }

    /** Does the same for many elements, which are emitted before the commit. */
    <T> Flux<T> complete(Flux<T> work) {
        return transaction
                .bind(work)
                .onErrorResume(failure -> endAfter(failure).then(Mono.error(failure)))
                .concatWith(transaction.commitOnly().then(Mono.empty()))
                .doFinally(this::abandonOnCancel);
    }

    /** Runs work that commits itself, and rolls back what it did not commit. */
    <T> Mono<T> completeUnit(Mono<T> work) {
        return transaction
                .bind(work)
                .onErrorResume(failure -> transaction.rollbackOnly().then(Mono.error(failure)))
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(result -> transaction.rollbackOnly().then(Mono.justOrEmpty(result)))
                .doFinally(this::abandonOnCancel);
    }

    /** Rolls back, unless the rules say that this error of the work does not. */
    private Mono<Void> endAfter(Throwable failure) {
        return Mono.defer(() -> transaction.options().rollsBackOn(failure)
                        ? transaction.rollbackOnly()
                        : transaction.commitOnly())
                .doOnError(second -> second != failure, second -> second.addSuppressed(failure))
                .onErrorResume(second -> transaction.rollbackOnly().then(Mono.error(second)));
    }

    /** Comes after the cancel has reached the work, which therefore never sees the transaction ended under it. */
    private void abandonOnCancel(SignalType signal) {
        if (signal == SignalType.CANCEL) {
            transaction.abandon();
        }
    }
}
