package io.github.r2dbcsession;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.Mono;

/** A chunk with a row that the server refused, on its way out of the transaction, where that row can be looked for. */
final class ChunkRefused extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient ChunkStatement statement;
    private final transient List<?> rows;
    private final long before;
    private final Throwable refusal;

    ChunkRefused(ChunkStatement statement, long before, List<?> rows, Throwable refusal) {
        super("refused", refusal, false, false);
        this.statement = statement;
        this.before = before;
        this.rows = rows;
        this.refusal = refusal;
    }

    /** Fails with the error that the caller gets. A refusal that needs earlier chunks cannot be had again, and names the chunk. */
    <T> Mono<T> located() {
        int all = rows.size();
        AtomicReference<BulkException> place = new AtomicReference<>(at(1, all));
        return statement
                .refuses(rows)
                .flatMap(again -> again ? first(0, all) : Mono.empty())
                .doOnNext(row -> place.set(at(row, row)))
                .onErrorComplete()
                .then(Mono.error(place::get));
    }

    /** The first row, from 1, without which the rows before it are not refused: more than {@code passes}, {@code refused} at most. */
    private Mono<Integer> first(int passes, int refused) {
        if (refused - passes == 1) {
            return Mono.just(refused);
        }
        int middle = (passes + refused) >>> 1;
        return statement
                .refuses(rows.subList(0, middle))
                .flatMap(again -> again ? first(passes, middle) : first(middle, refused));
    }

    private BulkException at(int first, int last) {
        return new BulkException(before + first, before + last, refusal);
    }
}
