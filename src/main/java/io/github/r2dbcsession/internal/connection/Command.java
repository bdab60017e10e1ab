package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A command that answers no rows, sent and confirmed without the driver. Where the server has anything more to say than that it is done, a
 * warning, an error, a setting that has changed, the driver reads the answer, so that it means what it means for any statement.
 *
 * <p>Subscribed to on the connection's event loop, while nothing else is under way.
 */
final class Command<T> extends Flux<T> {

    private final Interceptor interceptor;
    private final Consumer<ByteBuf> messages;
    private final Flux<T> driver;

    /**
     * Prepares a command.
     *
     * @param messages writes it, up to a Query or a Sync
     * @param driver runs a simple query that is not sent, and has the answer
     */
    Command(Interceptor interceptor, Consumer<ByteBuf> messages, Flux<T> driver) {
        this.interceptor = interceptor;
        this.messages = messages;
        this.driver = driver;
    }

    /** Whether a message says of a command without a description no more than that it is being done. */
    static boolean isPartOfAnswer(byte type) {
        return type == '1' || type == '2' || type == 'D' || type == 'C';
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Reader<T> reader = new Reader<>(actual, interceptor, driver);
        actual.onSubscribe(reader);
        if (!interceptor.send(messages, reader)) {
            reader.lost();
        }
    }

    private static final class Reader<T> extends Operators.DeferredSubscription
            implements CoreSubscriber<T>, Interceptor.Reply {

        private final CoreSubscriber<? super T> actual;
        private final Interceptor interceptor;
        private final Flux<T> driver;

        Reader(CoreSubscriber<? super T> actual, Interceptor interceptor, Flux<T> driver) {
            this.actual = actual;
            this.interceptor = interceptor;
            this.driver = driver;
        }

        @Override
        public boolean keeps(byte type) {
            if (type == 'Z' || isPartOfAnswer(type)) {
                return true;
            }
            if (type != 'A') {
                interceptor.leaveToDriver();
                interceptor.answerFromWire();
                driver.subscribe(this);
            }
            return false;
        }

        @Override
        public boolean seen(byte type, byte[] head, int length) {
            return type == 'Z';
        }

        @Override
        public void end() {
            actual.onComplete();
        }

        /** The driver knows, or will know, why. */
        @Override
        public void lost() {
            driver.subscribe(this);
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            set(subscription);
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
