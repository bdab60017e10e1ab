package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.Lead;
import io.github.r2dbcsession.internal.connection.Preamble;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * The BEGIN of a transaction: it goes out with the first statement, and every other waits for its answer. Where that statement ends unsent,
 * the next one is the first. A transaction that ends meanwhile has either seen {@link #isSent()} or is seen to have ended.
 */
final class Begin {

    private final DefaultTransaction transaction;
    private final Lease lease;
    private final Preamble preamble;
    private final AtomicReference<@Nullable Attempt> current = new AtomicReference<>();
    private volatile boolean answered;
    private volatile boolean vanished;

    Begin(DefaultTransaction transaction, Lease lease, ContextValues values) {
        this.transaction = transaction;
        this.lease = lease;
        this.preamble = values.after(transaction.options().preamble());
    }

    /** Whether it has been sent, or is about to be. */
    boolean isSent() {
        return current.get() != null;
    }

    /** Whether it has gone out to the server. */
    boolean hasLeft() {
        Attempt attempt = current.get();
        return attempt != null && attempt.lead.isSent();
    }

    /** Whether something else than a BEGIN was answered: what was sent with it may stay. */
    boolean hasVanished() {
        return vanished;
    }

    /** Whether the server has begun the transaction. */
    boolean isAnswered() {
        return answered;
    }

    /** Runs the work behind it: in the same write where the work is the first, and when it has been answered otherwise. */
    <T> Flux<T> lead(Function<? super Statements, ? extends Flux<T>> work) {
        Attempt own = new Attempt();
        if (!current.compareAndSet(null, own)) {
            return await(work);
        }
        return Flux.<T>defer(() -> work.apply(lease.behind(own.lead)))
                .onErrorMap(own::told)
                .doFinally(signal -> own.giveUp());
    }

    private <T> Flux<T> await(Function<? super Statements, ? extends Flux<T>> work) {
        Attempt first = current.get();
        return first == null
                ? lead(work)
                : first.outcome.asMono().thenMany(Flux.defer(() -> transaction.statement(work)));
    }

    /** One statement that it goes out with. */
    private final class Attempt implements Lead.Owner {

        private final Lead lead = new Lead(preamble, this);
        private final Sinks.Empty<Void> outcome = Sinks.empty();
        private final long start = System.nanoTime();
        private volatile @Nullable Throwable failure;

        @Override
        public void requireOpen() {
            if (!transaction.isOpen()) {
                throw transaction.ended();
            }
        }

        @Override
        public void begun() {
            answered = true;
            outcome.tryEmitEmpty();
        }

        @Override
        public void failed(boolean alone, @Nullable Throwable cause) {
            fail(
                    cause == null
                            ? transaction.rolledBack()
                            : transaction.told(cause, alone ? Phase.BEGIN : Phase.STATEMENT, start));
        }

        @Override
        public void vanished() {
            vanished = true;
            fail(new TransactionVanishedException(transaction.described(), Phase.BEGIN));
        }

        @Override
        public void unsent(@Nullable Throwable cause) {
            if (cause != null && !lease.isOpen()) {
                failed(true, cause);
                return;
            }
            current.compareAndSet(this, null);
            outcome.tryEmitEmpty();
        }

        private void fail(Throwable told) {
            failure = told;
            transaction.markRollbackOnly(told);
            outcome.tryEmitError(told);
        }

        /** What the caller of the statement is told. */
        private Throwable told(Throwable cause) {
            Throwable own = failure;
            return own == null ? transaction.told(cause, Phase.STATEMENT, start) : own;
        }

        /** The work has ended; it may have been without sending anything. */
        private void giveUp() {
            if (lead.take()) {
                unsent(null);
            }
        }
    }
}
