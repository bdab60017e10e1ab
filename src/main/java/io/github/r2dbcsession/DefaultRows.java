package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultRows<T> implements Rows<T> {

    private final Flux<T> all;

    DefaultRows(Flux<T> all) {
        this.all = all;
    }

    @Override
    public Mono<T> one() {
        return new Head<>(all, true);
    }

    @Override
    public Mono<T> first() {
        return new Head<>(all, false);
    }

    @Override
    public Flux<T> all() {
        return all;
    }
}
