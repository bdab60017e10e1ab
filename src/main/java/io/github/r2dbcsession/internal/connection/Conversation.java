package io.github.r2dbcsession.internal.connection;

import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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

    private static final Logger log = LoggerFactory.getLogger(Conversation.class);

    /** Where Reactor looks for what is to be done about an error that nobody can be told of. */
    private static final String ON_ERROR_DROPPED = "reactor.onErrorDropped.local";

    /** What is said. */
    interface Statement<T> {

        /** What it shares the connection with. */
        default Conversations.Company company() {
            return Conversations.Company.ANY;
        }

        /** Whether the server keeps a cursor for it, which a cancel closes. */
        default boolean cursor() {
            return false;
        }

        /** Whether it is sent as a simple query. */
        default boolean isSimple() {
            return true;
        }

        /**
         * Begins it; on the loop, at each subscription, when it counts as open already.
         *
         * @param alone whether nothing else is under way
         */
        Flux<T> begin(boolean alone);

        /** It has ended, or will not begin; comes once for each subscription, ahead of the last signal. */
        default void end(@Nullable Throwable failure) {}
    }

    private final Statement<T> statement;
    private final Conversations conversations;

    Conversation(Statement<T> statement, Conversations conversations) {
        this.statement = statement;
        this.conversations = conversations;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Reader<T> reader = new Reader<>(actual, statement, conversations);
        actual.onSubscribe(reader);
        try {
            conversations.add(reader);
        } catch (RejectedExecutionException stopped) {
            conversations.refuse();
            statement.end(stopped);
            reader.fail(stopped);
        }
    }

    private static void toldTwice(Throwable failure) {
        log.debug("A statement failed twice", failure);
    }

    private static final class Reader<T> extends Operators.DeferredSubscription
            implements CoreSubscriber<T>, Conversations.Member {

        private final CoreSubscriber<? super T> actual;
        private final Statement<T> statement;
        private final Conversations conversations;
        private volatile boolean cancelled;
        private boolean begun;
        private boolean ended;

        Reader(CoreSubscriber<? super T> actual, Statement<T> statement, Conversations conversations) {
            this.actual = actual;
            this.statement = statement;
            this.conversations = conversations;
        }

        @Override
        public Conversations.Company company() {
            return statement.company();
        }

        /** When the server has told why it ends the connection, the driver tells as well that it has been closed: nobody needs to know. */
        @Override
        public Context currentContext() {
            Context context = actual.currentContext();
            return begun ? context.put(ON_ERROR_DROPPED, (Consumer<Throwable>) Conversation::toldTwice) : context;
        }

        @Override
        public void run() {
            conversations.arrive(this);
        }

        @Override
        public void begin(boolean alone) {
            if (cancelled) {
                end(null);
                return;
            }
            Flux<T> answer;
            try {
                answer = statement.begin(alone);
            } catch (Throwable failure) {
                end(failure);
                Exceptions.throwIfFatal(failure);
                fail(failure);
                return;
            }
            answer.subscribe(this);
            begun = true;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
        }

        @Override
        public void onNext(T row) {
            if (cancelled) {
                Operators.onDiscard(row, actual.currentContext());
            } else {
                actual.onNext(row);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end(failure);
            fail(failure);
        }

        void fail(Throwable failure) {
            if (!cancelled) {
                actual.onError(Exceptions.unwrapMultiple(failure).get(0));
            }
        }

        @Override
        public void tellAhead(Throwable failure) {
            fail(failure);
            cancelled = true;
        }

        @Override
        public void onComplete() {
            end(null);
            if (!cancelled) {
                actual.onComplete();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (statement.cursor()) {
                super.cancel();
            } else {
                request(Long.MAX_VALUE);
            }
        }

        private void end(@Nullable Throwable failure) {
            if (!ended) {
                ended = true;
                statement.end(failure);
                conversations.end();
            }
        }
    }
}
