package io.github.r2dbcsession.internal.connection;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.RejectedExecutionException;
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
 * answer is read and dropped; a statement cancelled before it began is not sent.
 *
 * <p>The driver can leave a connection for ever unanswered when a simple query is cancelled early, and gives no sign of when a cancelled
 * answer has ended; read to the end, it does neither. The statement begins on the connection's event loop, where the driver writes without
 * handing each step to another thread.
 */
final class Conversation<T> extends Flux<T> {

    private final Supplier<Flux<T>> statement;
    private final EventExecutor loop;
    private final AtomicInteger open;

    /**
     * Prepares a conversation.
     *
     * @param statement called on the loop at each subscription, when the statement counts as open already
     */
    Conversation(Supplier<Flux<T>> statement, EventExecutor loop, AtomicInteger open) {
        this.statement = statement;
        this.loop = loop;
        this.open = open;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        open.incrementAndGet();
        Reader<T> reader = new Reader<>(actual, statement, open);
        actual.onSubscribe(reader);
        if (loop.inEventLoop()) {
            reader.run();
            return;
        }
        try {
            loop.execute(reader);
        } catch (RejectedExecutionException stopped) {
            reader.onError(stopped);
        }
    }

    private static final class Reader<T> extends Operators.DeferredSubscription implements CoreSubscriber<T>, Runnable {

        private final CoreSubscriber<? super T> actual;
        private final Supplier<Flux<T>> statement;
        private final AtomicInteger open;
        private volatile boolean cancelled;
        private boolean ended;

        Reader(CoreSubscriber<? super T> actual, Supplier<Flux<T>> statement, AtomicInteger open) {
            this.actual = actual;
            this.statement = statement;
            this.open = open;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void run() {
            if (cancelled) {
                end();
                return;
            }
            Flux<T> answer;
            try {
                answer = statement.get();
            } catch (Throwable failure) {
                end();
                Exceptions.throwIfFatal(failure);
                onError(failure);
                return;
            }
            answer.subscribe(this);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
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
        public void cancel() {
            cancelled = true;
            request(Long.MAX_VALUE);
        }

        private void end() {
            if (!ended) {
                ended = true;
                open.decrementAndGet();
            }
        }
    }
}
