package io.github.r2dbcsession.internal.connection;

import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Counts a statement as open until its answer has ended, and never hands a cancel on to the driver: after a cancel the rest of the
 * answer is read and dropped, or where the server keeps a cursor closed; a statement cancelled before it began is not sent.
 *
 * <p>The driver can leave a connection for ever unanswered when a simple query is cancelled early, and gives no sign of when a cancelled
 * answer has ended; read to the end, it does neither. The statement begins on the connection's event loop, where the driver writes without
 * handing each step to another thread.
 */
final class Conversation<T> extends Flux<T> {

    private final Supplier<Flux<T>> statement;
    private final StatementLimits limits;
    private final Conversations conversations;

    /**
     * Prepares a conversation.
     *
     * @param statement called on the loop at each subscription, when the statement counts as open already
     */
    Conversation(Supplier<Flux<T>> statement, StatementLimits limits, Conversations conversations) {
        this.statement = statement;
        this.limits = limits;
        this.conversations = conversations;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Reader<T> reader = new Reader<>(actual, statement, limits, conversations);
        actual.onSubscribe(reader);
        try {
            conversations.add(reader);
        } catch (RejectedExecutionException stopped) {
            conversations.refuse();
            reader.fail(stopped);
        }
    }

    private static final class Reader<T> extends Operators.DeferredSubscription
            implements CoreSubscriber<T>, Conversations.Member {

        private final CoreSubscriber<? super T> actual;
        private final Supplier<Flux<T>> statement;
        private final StatementLimits limits;
        private final Conversations conversations;
        private volatile boolean cancelled;
        private boolean ended;

        Reader(
                CoreSubscriber<? super T> actual,
                Supplier<Flux<T>> statement,
                StatementLimits limits,
                Conversations conversations) {
            this.actual = actual;
            this.statement = statement;
            this.limits = limits;
            this.conversations = conversations;
        }

        @Override
        public boolean isAlone() {
            return limits.time() != null;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void run() {
            conversations.arrive(this);
        }

        @Override
        public void begin() {
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
                fail(failure);
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
            fail(failure);
        }

        void fail(Throwable failure) {
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
            if (limits.cursor()) {
                super.cancel();
            } else {
                request(Long.MAX_VALUE);
            }
        }

        private void end() {
            if (!ended) {
                ended = true;
                conversations.end();
            }
        }
    }
}
