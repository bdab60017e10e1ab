package io.github.r2dbcsession.internal.pool;

import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** Something that comes when it is told to, and takes no notice of a cancel. */
final class Arriving<T> extends Mono<T> {

    private CoreSubscriber<? super T> waiting = Operators.emptySubscriber();

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        waiting = actual;
        Subscription none = Operators.emptySubscription();
        actual.onSubscribe(none);
    }

    void arrive(T element) {
        waiting.onNext(element);
        waiting.onComplete();
    }
}
