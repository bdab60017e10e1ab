package io.github.r2dbcsession;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

final class DefaultRows<T> implements Rows<T> {

    private final Flux<T> all;

    DefaultRows(Flux<T> all) {
        this.all = all;
    }

    @Override
    public Mono<T> one() {
        return head().handle((head, sink) -> {
            if (head.more) {
                sink.error(new TooManyRowsException());
            } else if (head.row != null) {
                sink.next(head.row);
            }
        });
    }

    @Override
    public Mono<T> first() {
        return head().mapNotNull(head -> head.row);
    }

    @Override
    public Flux<T> all() {
        return all;
    }

    /** Reads every row and keeps the first. */
    private Mono<Head<T>> head() {
        return all.collect(Head::new, Head::add);
    }

    private static final class Head<T> {

        private @Nullable T row;
        private boolean more;

        void add(T next) {
            if (row == null) {
                row = next;
            } else {
                more = true;
            }
        }
    }
}
