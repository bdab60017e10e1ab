package io.github.r2dbcsession;

import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** An error of the caller's data, on its way past those who would take an {@code IOException} for one of the connection. */
final class DataFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    private DataFailure(Throwable cause) {
        super("the data failed", cause, false, false);
    }

    static <T> Flux<T> marked(Publisher<T> data) {
        return Flux.from(data).onErrorMap(DataFailure::new);
    }

    /** The data's own error. */
    Throwable own() {
        return Objects.requireNonNull(getCause());
    }
}
