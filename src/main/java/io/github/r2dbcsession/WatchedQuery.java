package io.github.r2dbcsession;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.util.context.Context;

/** A statement that listeners are told of: when it begins, and once how it ends. */
final class WatchedQuery<T> extends Flux<T> {

    private final Flux<T> answer;
    private final DatabaseListener listener;
    private final QueryStart query;
    private final boolean counts;

    /**
     * Watches one statement.
     *
     * @param counts whether what is emitted are numbers of rows, and not rows
     */
    WatchedQuery(Flux<T> answer, DatabaseListener listener, QueryStart query, boolean counts) {
        this.answer = answer;
        this.listener = listener;
        this.query = query;
        this.counts = counts;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Context around = actual.currentContext();
        Context added = listener.onQueryStart(query, around);
        Context inside = added.isEmpty() ? around : around.putAll(added.readOnly());
        // By Reactor's own operator where that restores what an application keeps in thread locals.
        boolean restores = !added.isEmpty() && Hooks.isAutomaticContextPropagationEnabled();
        Flux<T> watched = restores ? answer.contextWrite(any -> inside) : answer;
        watched.subscribe(new Watch(actual, added, inside));
    }

    private final class Watch extends AtomicBoolean implements CoreSubscriber<T>, Subscription {

        private static final long serialVersionUID = 1;

        private final transient CoreSubscriber<? super T> actual;
        private final transient Context added;
        private final transient Context inside;
        private final long start = System.nanoTime();
        private transient @Nullable Subscription upstream;
        private long rows;

        Watch(CoreSubscriber<? super T> actual, Context added, Context inside) {
            this.actual = actual;
            this.added = added;
            this.inside = inside;
        }

        @Override
        public Context currentContext() {
            return inside;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            upstream = subscription;
            actual.onSubscribe(this);
        }

        @Override
        public void onNext(T element) {
            rows += counts && element instanceof Long number ? number : 1;
            actual.onNext(element);
        }

        @Override
        public void onError(Throwable failure) {
            end(QueryOutcome.FAILED, failure);
            actual.onError(failure);
        }

        @Override
        public void onComplete() {
            end(QueryOutcome.COMPLETED, null);
            actual.onComplete();
        }

        @Override
        public void request(long n) {
            Subscription subscription = upstream;
            if (subscription != null) {
                subscription.request(n);
            }
        }

        @Override
        public void cancel() {
            Subscription subscription = upstream;
            if (subscription != null) {
                subscription.cancel();
            }
            end(QueryOutcome.CANCELLED, null);
        }

        private void end(QueryOutcome outcome, @Nullable Throwable failure) {
            if (compareAndSet(false, true)) {
                listener.onQuery(new QueryEnd(
                        query, outcome, Duration.ofNanos(System.nanoTime() - start), rows, failure, added));
            }
        }
    }
}
