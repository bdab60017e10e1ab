package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The data of one COPY on its way to the driver, with an end that can be brought about from here.
 *
 * <p>The driver goes on reading the data when the server has refused a row, keeping every later statement of the connection waiting, and
 * sends the message of an error in the data to the server. An error from here has it send a CopyFail, or nothing where the server is done.
 * Data is made on another thread than the connection's, which would else go on making it for as long as the socket takes it and hear of
 * no answer.
 */
final class CopySource {

    private final Publisher<ByteBuf> data;
    private final Sinks.Empty<ByteBuf> end = Sinks.empty();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    CopySource(Publisher<ByteBuf> data) {
        this.data = data;
    }

    /** The data as the driver takes it. */
    Publisher<Publisher<ByteBuf>> frames() {
        Flux<ByteBuf> whole = Flux.from(data)
                .subscribeOn(Schedulers.parallel())
                .doOnComplete(end::tryEmitEmpty)
                .doOnError(error -> failure.compareAndSet(null, error))
                .onErrorMap(error -> new IllegalStateException("its data ended with an error"));
        return Flux.merge(1, whole, end.asMono()).map(Mono::just);
    }

    /** Lets no more data through. */
    void stop() {
        end.tryEmitError(new GivenUp());
    }

    /** The error that the caller gets: the one of the data, where that ended it. */
    Throwable told(Throwable error) {
        Throwable first = failure.get();
        return first == null ? error : first;
    }

    /** Comes after each copy, to most of them too late. */
    private static final class GivenUp extends RuntimeException {

        private static final long serialVersionUID = 1;

        GivenUp() {
            super("given up by its caller", null, false, false);
        }
    }
}
