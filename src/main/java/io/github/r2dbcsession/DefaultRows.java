package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The rows of a query.
 *
 * @param whole reads them at once
 * @param stream reads them as they are asked for
 */
record DefaultRows<T>(Flux<T> whole, Flux<T> stream) implements Rows<T> {

    @Override
    public Mono<T> one() {
        return new Head<>(whole, true);
    }

    @Override
    public Mono<T> first() {
        return new Head<>(whole, false);
    }

    @Override
    public Flux<T> all() {
        return stream;
    }
}
