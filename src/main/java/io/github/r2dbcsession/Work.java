package io.github.r2dbcsession;

import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The two forms of work, of one element and of many: what ends it, and when its elements are emitted. */
interface Work<T> {

    /** Runs it in a transaction begun for it. */
    Flux<T> in(Block block);

    /** Runs it behind a savepoint. */
    Flux<T> behind(SavepointTransaction nested);

    /** Runs it with what somebody else ends. */
    Publisher<T> with(Transaction transaction);

    /** Work that emits one element at most, when what it ran in has ended well. */
    static <T> Work<T> one(Function<? super Transaction, ? extends Mono<T>> work) {
        return new Work<>() {
            @Override
            public Flux<T> in(Block block) {
                return block.complete(Mono.<T>defer(() -> work.apply(block.transaction())))
                        .flux();
            }

            @Override
            public Flux<T> behind(SavepointTransaction nested) {
                return nested.complete(Mono.<T>defer(() -> work.apply(nested))).flux();
            }

            @Override
            public Publisher<T> with(Transaction transaction) {
                return work.apply(transaction);
            }
        };
    }

    /** Work that emits many elements, as they come. */
    static <T> Work<T> many(Function<? super Transaction, ? extends Publisher<T>> work) {
        return new Work<>() {
            @Override
            public Flux<T> in(Block block) {
                return block.complete(Flux.<T>defer(() -> work.apply(block.transaction())));
            }

            @Override
            public Flux<T> behind(SavepointTransaction nested) {
                return nested.complete(Flux.<T>defer(() -> work.apply(nested)));
            }

            @Override
            public Publisher<T> with(Transaction transaction) {
                return work.apply(transaction);
            }
        };
    }
}
