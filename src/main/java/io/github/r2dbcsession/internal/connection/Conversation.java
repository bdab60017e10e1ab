package io.github.r2dbcsession.internal.connection;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Counts a statement as open until its answer has ended, and never hands a cancel on to the driver: after a cancel the rest of the
 * answer is read and dropped.
 *
 * <p>The driver can leave a connection for ever unanswered when a simple query is cancelled early, and gives no sign of when a cancelled
 * answer has ended; read to the end, it does neither.
 */
final class Conversation<T> extends Flux<T> {

    private final Supplier<Flux<T>> statement;
    private final AtomicInteger open;

    /**
     * Prepares a conversation.
     *
     * @param statement called at each subscription, when the statement counts as open already
     */
    Conversation(Supplier<Flux<T>> statement, AtomicInteger open) {
        this.statement = statement;
        this.open = open;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        open.incrementAndGet();
        Flux<T> answer;
        try {
            answer = statement.get();
        } catch (Throwable failure) {
            open.decrementAndGet();
            Exceptions.throwIfFatal(failure);
            Operators.error(actual, failure);
            return;
        }
        answer.subscribe(new Reader<>(actual, open));
    }

    private static final class Reader<T> implements CoreSubscriber<T>, Subscription {

        private final CoreSubscriber<? super T> actual;
        private final AtomicInteger open;
        private Subscription upstream = Operators.emptySubscription();
        private volatile boolean cancelled;
        private boolean ended;

        Reader(CoreSubscriber<? super T> actual, AtomicInteger open) {
            this.actual = actual;
            this.open = open;
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
        public void onNext(T row) {
            if (cancelled) {
                Operators.onDiscard(row, currentContext());
            } else {
                actual.onNext(row);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end();
            if (!cancelled) {
                actual.onError(Exceptions.unwrapMultiple(failure).get(0));
            }
        }

        @Override
        public void onComplete() {
            end();
            if (!cancelled) {
                actual.onComplete();
            }
        }

        @Override
        public void request(long rows) {
            upstream.request(rows);
        }

        @Override
        public void cancel() {
            cancelled = true;
            upstream.request(Long.MAX_VALUE);
        }

        private void end() {
            if (!ended) {
                ended = true;
                open.decrementAndGet();
            }
        }
    }
}
