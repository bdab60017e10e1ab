package io.github.r2dbcsession.internal.pool;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Acquires a lease, does work with it and releases it, however the work ends: what {@code Flux.usingWhen} does, with less on the way. The
 * subscriber hears of the end when the release has completed; one who cancels does not wait for it.
 */
final class LeaseUse<T> extends Flux<T> {

    private final Mono<Lease> acquire;
    private final Function<? super Lease, ? extends Publisher<T>> work;

    LeaseUse(Mono<Lease> acquire, Function<? super Lease, ? extends Publisher<T>> work) {
        this.acquire = acquire;
        this.work = work;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        acquire.subscribe(new Holder<>(actual, work));
    }

    /** Waits for the lease, and has it from then on. What is requested meanwhile is passed on to the work. */
    private static final class Holder<T> extends Operators.DeferredSubscription implements CoreSubscriber<Lease> {

        private final CoreSubscriber<? super T> actual;
        private final Function<? super Lease, ? extends Publisher<T>> work;
        private Subscription acquiring = Operators.emptySubscription();
        private volatile @Nullable Lease lease;

        Holder(CoreSubscriber<? super T> actual, Function<? super Lease, ? extends Publisher<T>> work) {
            this.actual = actual;
            this.work = work;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            acquiring = subscription;
            actual.onSubscribe(this);
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Lease acquired) {
            lease = acquired;
            // A cancel either is seen here or sees the lease; both may be, and the release takes place once.
            if (isCancelled()) {
                acquired.release().subscribe();
                return;
            }
            Publisher<T> started;
            try {
                started = work.apply(acquired);
            } catch (Throwable failure) {
                Exceptions.throwIfFatal(failure);
                started = Mono.error(failure);
            }
            started.subscribe(new Worker<>(this, acquired));
        }

        @Override
        public void onError(Throwable failure) {
            actual.onError(failure);
        }

        @Override
        public void onComplete() {
            // The end of the acquire; the work's is what counts.
        }

        void end(@Nullable Throwable failure) {
            if (isCancelled()) {
                return;
            }
            if (failure == null) {
                actual.onComplete();
            } else {
                actual.onError(failure);
            }
        }

        @Override
        public void cancel() {
            super.cancel();
            Lease held = lease;
            if (held == null) {
                acquiring.cancel();
            } else {
                held.release().subscribe();
            }
        }
    }

    /** Passes the work's signals on, the last of them when the lease has been released. */
    private static final class Worker<T> implements CoreSubscriber<T> {

        private final Holder<T> holder;
        private final Lease lease;

        Worker(Holder<T> holder, Lease lease) {
            this.holder = holder;
            this.lease = lease;
        }

        @Override
        public Context currentContext() {
            return holder.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            holder.set(subscription);
        }

        @Override
        public void onNext(T element) {
            holder.actual.onNext(element);
        }

        @Override
        public void onError(Throwable failure) {
            lease.release().subscribe(new Ending(holder, failure));
        }

        @Override
        public void onComplete() {
            lease.release().subscribe(new Ending(holder, null));
        }
    }

    /** Waits for the release, which never fails. */
    private record Ending(Holder<?> holder, @Nullable Throwable failure) implements CoreSubscriber<Void> {

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Void nothing) {
            // There is none.
        }

        @Override
        public void onError(Throwable unexpected) {
            holder.end(failure == null ? unexpected : failure);
        }

        @Override
        public void onComplete() {
            holder.end(failure);
        }
    }
}
