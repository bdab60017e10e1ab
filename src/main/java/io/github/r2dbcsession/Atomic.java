package io.github.r2dbcsession;

import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Runs work of several statements of which all is kept or nothing.
 *
 * @param transactions where transactions come from
 */
record Atomic(Transactions transactions) {

    /** Runs it behind a savepoint of the transaction that is open in the Context, or else in one of its own. */
    <T> Flux<T> anywhere(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return Flux.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            return open == null
                    ? transactions.begun(options(), work(work)::in, transactions.values(context), context)
                    : within(open, work);
        });
    }

    /** Runs it behind a savepoint. */
    <T> Flux<T> within(OpenTransaction open, Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        TransactionOptions options = options();
        return Flux.defer(() -> TimeLimit.on(
                work(work).behind(new SavepointTransaction(open, transactions, options)),
                options,
                () -> true,
                () -> transactions.timedOut(options)));
    }

    /**
     * Runs it in a transaction on the connection of a session.
     *
     * @param values what is set for that transaction
     */
    <T> Flux<T> on(
            SessionScope session,
            ContextValues values,
            Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return Flux.<T>deferContextual(context -> transactions.begun(options(), work(work)::in, values, context))
                .contextWrite(context -> transactions.inside(context, session));
    }

    private TransactionOptions options() {
        return transactions.defaults().rollbackOn(failure -> true);
    }

    private static <T> Work<T> work(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return Work.many(transaction -> work.apply((OpenTransaction) transaction));
    }
}
