package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.TextForm;
import io.github.r2dbcsession.internal.sql.bulk.RecordPart;
import io.github.r2dbcsession.internal.sql.bulk.RowTarget;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.postgresql.codec.Vector;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A statement that takes many rows as arrays. */
record ChunkStatement(StatementScope scope, RowTarget target, String sql) {

    /** Runs it; where the server refuses a row, fails with {@link ChunkRefused}. */
    Mono<Long> run(OpenTransaction transaction, long before, List<?> rows) {
        return send(transaction, before, rows)
                .onErrorMap(BulkException::isOfARow, refusal -> new ChunkRefused(this, before, rows, refusal));
    }

    /** Runs it by itself and undoes it; emits whether the server refused a row. */
    Mono<Boolean> refuses(List<?> rows) {
        return scope.<Long>atomic(transaction -> send(transaction, 0, rows).then(Mono.error(Undo::new)))
                .then(Mono.just(false))
                .onErrorReturn(Undo.class, false)
                .onErrorReturn(BulkException::isOfARow, true);
    }

    private Mono<Long> send(OpenTransaction transaction, long before, List<?> rows) {
        Query query = DefaultQuery.of(transaction, sql);
        for (int i = 0; i < target.fills().size(); i++) {
            RowTarget.Fill fill = target.fills().get(i);
            RecordPart part = fill.part();
            query = fill.isText()
                    ? query.bind(RowTarget.parameter(i), texts(part, before, rows), String.class)
                    : values(query, i, fill, before, rows);
        }
        return query.rowsUpdated();
    }

    private static Query values(Query query, int index, RowTarget.Fill fill, long before, List<?> rows) {
        RecordPart part = fill.part();
        if (fill.isVector()) {
            return query.bind(RowTarget.parameter(index), vectors(part, rows), Vector.class);
        }
        try {
            return query.bind(RowTarget.parameter(index), values(part, rows), part.type());
        } catch (StatementException misfit) {
            long row = before;
            for (Object each : rows) {
                row++;
                Bindings.check(place(row, part), part.of(each));
            }
            throw misfit;
        }
    }

    private static List<@Nullable Object> values(RecordPart part, List<?> rows) {
        List<@Nullable Object> values = new ArrayList<>(rows.size());
        for (Object row : rows) {
            values.add(part.of(row));
        }
        return values;
    }

    private static List<@Nullable Object> vectors(RecordPart part, List<?> rows) {
        List<@Nullable Object> vectors = values(part, rows);
        vectors.replaceAll(value -> value == null ? null : Vector.of((float[]) value));
        return vectors;
    }

    private static List<@Nullable String> texts(RecordPart part, long before, List<?> rows) {
        List<@Nullable String> texts = new ArrayList<>(rows.size());
        for (Object row : rows) {
            texts.add(TextForm.of(place(before + texts.size() + 1, part), part.of(row)));
        }
        return texts;
    }

    private static String place(long row, RecordPart part) {
        return "row " + row + ": component " + part.name();
    }

    /** Ends a trial that the server had nothing against. */
    private static final class Undo extends RuntimeException {

        private static final long serialVersionUID = 1;

        Undo() {
            super("undone", null, false, false);
        }
    }
}
