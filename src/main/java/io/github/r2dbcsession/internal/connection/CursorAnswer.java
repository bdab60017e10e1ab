package io.github.r2dbcsession.internal.connection;

import io.netty.channel.EventLoop;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The answer to a statement whose rows the server sends so many at a time. A cancel closes the cursor when the rows under way have come,
 * and completes when the server has said that it is done; no row is emitted after it.
 *
 * <p>The driver closes the cursor when it is cancelled, but does not say when that is over: the wire does. Before its first row a statement
 * may not have been sent yet, so the cancel waits for that row or for the end.
 *
 * <p>Subscribed to on the connection's event loop, where all its signals come too.
 */
final class CursorAnswer<T> extends Flux<T> {

    private final Flux<T> answer;
    private final EventLoop loop;
    private final Wire wire;

    CursorAnswer(Flux<T> answer, EventLoop loop, Wire wire) {
        this.answer = answer;
        this.loop = loop;
        this.wire = wire;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        answer.subscribe(new Reader<>(actual, loop, wire));
    }

    private static final class Reader<T> implements CoreSubscriber<T>, Subscription {

        private final CoreSubscriber<? super T> actual;
        private final EventLoop loop;
        private final Wire wire;
        private Subscription upstream = Operators.emptySubscription();
        private volatile boolean cancelled;
        private boolean answering;
        private boolean closing;
        private boolean ended;

        Reader(CoreSubscriber<? super T> actual, EventLoop loop, Wire wire) {
            this.actual = actual;
            this.loop = loop;
            this.wire = wire;
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
            cancelled = true;
            loop.execute(this::close);
        }

        private void close() {
            if (closing || ended) {
                return;
            }
            if (!answering) {
                upstream.request(1);
                return;
            }
            closing = true;
            upstream.cancel();
            if (wire.isQuiet()) {
                onComplete();
            } else {
                wire.atNextReady(() -> loop.execute(this::onComplete));
            }
        }

        @Override
        public void onNext(T row) {
            answering = true;
            if (cancelled) {
                Operators.onDiscard(row, currentContext());
                close();
            } else {
                actual.onNext(row);
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (!ended) {
                ended = true;
                actual.onError(failure);
            }
        }

        @Override
        public void onComplete() {
            if (!ended) {
                ended = true;
                actual.onComplete();
            }
        }
    }
}
