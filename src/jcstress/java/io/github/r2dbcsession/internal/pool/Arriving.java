package io.github.r2dbcsession.internal.pool;

import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** An acquire that ends when it is told to, and takes no notice of a cancel. */
final class Arriving extends Mono<Lease> {

    private CoreSubscriber<? super Lease> waiting = Operators.emptySubscriber();

    @Override
    public void subscribe(CoreSubscriber<? super Lease> actual) {
        waiting = actual;
        Subscription none = Operators.emptySubscription();
        actual.onSubscribe(none);
    }

    void arrive(Lease lease) {
        waiting.onNext(lease);
        waiting.onComplete();
    }
}
