package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Statements;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/**
 * The rows that a writing statement answers. Where somebody has had rows and wants no more, the statement outside a transaction still runs to
 * its end: to take two rows of an {@code INSERT ... RETURNING} must not undo it.
 */
final class WrittenAnswer<T> extends Flux<T> {

    private final Flux<T> answer;
    private final Statements statements;

    WrittenAnswer(Flux<T> answer, Statements statements) {
        this.answer = answer;
        this.statements = statements;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        answer.subscribe(new Reader<>(actual, statements));
    }

    private static final class Reader<T> implements CoreSubscriber<T>, Subscription {

        private final CoreSubscriber<? super T> actual;
        private final Statements statements;
        private final Sinks.Empty<Void> end = Sinks.empty();
        private Subscription upstream = Operators.emptySubscription();
        private volatile boolean begun;
        private volatile boolean cancelled;

        Reader(CoreSubscriber<? super T> actual, Statements statements) {
            this.actual = actual;
            this.statements = statements;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            upstream = subscription;
            actual.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            upstream.request(n);
        }

        @Override
        public void cancel() {
            if (!begun || statements.inTransaction()) {
                upstream.cancel();
                return;
            }
            cancelled = true;
            statements.letFinish(end.asMono());
            upstream.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(T row) {
            if (cancelled) {
                Operators.onDiscard(row, currentContext());
            } else {
                begun = true;
                actual.onNext(row);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end.tryEmitEmpty();
            if (!cancelled) {
                actual.onError(failure);
            }
        }

        @Override
        public void onComplete() {
            end.tryEmitEmpty();
            if (!cancelled) {
                actual.onComplete();
            }
        }
    }
}
