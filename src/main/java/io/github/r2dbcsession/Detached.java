package io.github.r2dbcsession;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.util.context.Context;

/**
 * Rows that are read without code of the application, and so without the subscriber's Context. With {@code context-propagation} on the class
 * path Reactor would set thread locals from it, and back again, around many a step that the driver takes with each message.
 *
 * <p>With automatic propagation the Context stays: what is read then finds thread locals set as everything else does.
 */
final class Detached<T> extends Flux<T> {

    private final Publisher<? extends T> driver;

    Detached(Publisher<? extends T> driver) {
        this.driver = driver;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        boolean detach = !actual.currentContext().isEmpty() && !Hooks.isAutomaticContextPropagationEnabled();
        driver.subscribe(detach ? new Reader<>(actual) : actual);
    }

    private record Reader<T>(CoreSubscriber<? super T> actual) implements CoreSubscriber<T> {

        @Override
        public Context currentContext() {
            return Context.empty();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            actual.onSubscribe(subscription);
        }

        @Override
        public void onNext(T element) {
            actual.onNext(element);
        }

        @Override
        public void onError(Throwable failure) {
            actual.onError(failure);
        }

        @Override
        public void onComplete() {
            actual.onComplete();
        }
    }
}
