package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The mapped rows of a query. Thread-safe; each subscription runs the statement once.
 *
 * <p>Whatever a subscriber takes, the rest is read and dropped, so that a connection is never left in the middle of an answer.
 *
 * @param <T> what a row is mapped to
 */
public interface Rows<T> {

    /**
     * Runs the statement and emits its only row, or completes empty. Fails with {@link TooManyRowsException} when there are more.
     */
    Mono<T> one();

    /** Runs the statement and emits its first row, or completes empty. Further rows are read and dropped. */
    Mono<T> first();

    /**
     * Runs the statement and emits every row with the subscriber's demand. After a cancel, what is left is dropped as it arrives; outside a
     * transaction the server is asked to stop a statement that goes on, unless it writes and has emitted a row: it then runs to its end.
     */
    Flux<T> all();
}
