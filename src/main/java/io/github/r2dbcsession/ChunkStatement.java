package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.sql.bulk.RecordPart;
import io.github.r2dbcsession.internal.sql.bulk.RowTarget;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A statement that takes many rows as arrays. */
record ChunkStatement(StatementScope scope, RowTarget target, String sql) {

    /** Runs it; where the server refuses a row, fails with {@link ChunkRefused}. */
    Mono<Long> run(OpenTransaction transaction, long before, List<?> rows) {
        return send(transaction, rows)
                .onErrorMap(BulkException::isOfARow, refusal -> new ChunkRefused(this, before, rows, refusal));
    }

    /** Runs it by itself and undoes it; emits whether the server refused a row. */
    Mono<Boolean> refuses(List<?> rows) {
        return scope.<Long>atomic(transaction -> send(transaction, rows).then(Mono.error(Undo::new)))
                .then(Mono.just(false))
                .onErrorReturn(Undo.class, false)
                .onErrorReturn(BulkException::isOfARow, true);
    }

    private Mono<Long> send(OpenTransaction transaction, List<?> rows) {
        Query query = DefaultQuery.of(transaction, sql);
        for (int i = 0; i < target.fills().size(); i++) {
            RecordPart part = target.fills().get(i).part();
            query = query.bind(RowTarget.parameter(i), values(part, rows), part.type());
        }
        return query.rowsUpdated();
    }

    private static List<@Nullable Object> values(RecordPart part, List<?> rows) {
        List<@Nullable Object> values = new ArrayList<>(rows.size());
        for (Object row : rows) {
            values.add(part.of(row));
        }
        return values;
    }

    /** Ends a trial that the server had nothing against. */
    private static final class Undo extends RuntimeException {

        private static final long serialVersionUID = 1;

        Undo() {
            super("undone", null, false, false);
        }
    }
}
