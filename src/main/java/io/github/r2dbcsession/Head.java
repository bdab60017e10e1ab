package io.github.r2dbcsession;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** Reads every row and emits the first; fails where there are more and one only was expected. */
final class Head<T> extends Mono<T> {

    private final Flux<T> rows;
    private final boolean only;

    Head(Flux<T> rows, boolean only) {
        this.rows = rows;
        this.only = only;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        rows.subscribe(new Reader<>(actual, only));
    }

    private static final class Reader<T> implements CoreSubscriber<T>, Subscription {

        private final CoreSubscriber<? super T> actual;
        private final boolean only;
        private Subscription upstream = Operators.emptySubscription();
        private @Nullable T first;
        private boolean more;

        Reader(CoreSubscriber<? super T> actual, boolean only) {
            this.actual = actual;
            this.only = only;
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
            upstream.request(Long.MAX_VALUE);
        }

        @Override
        public void cancel() {
            upstream.cancel();
        }

        @Override
        public void onNext(T row) {
            if (first == null) {
                first = row;
            } else {
                more = true;
            }
        }

        @Override
        public void onError(Throwable failure) {
            actual.onError(failure);
        }

        @Override
        public void onComplete() {
            T row = first;
            if (only && more) {
                actual.onError(TooManyRowsException.ofOne());
                return;
            }
            if (row != null) {
                actual.onNext(row);
            }
            actual.onComplete();
        }
    }
}
