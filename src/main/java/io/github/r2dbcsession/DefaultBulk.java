package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Statements;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.github.r2dbcsession.internal.sql.bulk.BinaryRows;
import io.github.r2dbcsession.internal.sql.bulk.RecordPart;
import io.github.r2dbcsession.internal.sql.bulk.RowTarget;
import io.github.r2dbcsession.internal.sql.bulk.TableColumn;
import io.github.r2dbcsession.sql.StatementException;
import io.r2dbc.spi.Readable;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Writes by arrays in chunks, or by COPY.
 *
 * @param table as the caller calls it
 */
record DefaultBulk<R>(StatementScope scope, String table, Class<R> type, int chunk, LongConsumer progress)
        implements Bulk<R> {

    private static final int CHUNK = 2_000;
    private static final int LARGEST_CHUNK = 100_000;

    static <R> Bulk<R> of(StatementScope scope, String table, Class<R> type) {
        RecordPart.of(type);
        return new DefaultBulk<>(scope, Objects.requireNonNull(table, "table"), type, CHUNK, rows -> {});
    }

    @Override
    public Bulk<R> chunks(int rows) {
        if (rows < 1 || rows > LARGEST_CHUNK) {
            throw new IllegalArgumentException("a chunk has 1 to " + LARGEST_CHUNK + " rows, was " + rows);
        }
        return new DefaultBulk<>(scope, table, type, rows, progress);
    }

    @Override
    public Bulk<R> onProgress(LongConsumer rowsSoFar) {
        return new DefaultBulk<>(scope, table, type, chunk, Objects.requireNonNull(rowsSoFar, "rowsSoFar"));
    }

    @Override
    public Mono<Long> insert(Publisher<? extends R> rows) {
        return write(RowTarget::insert, rows);
    }

    @Override
    public Mono<Long> insertMissing(Publisher<? extends R> rows) {
        return write(RowTarget::insertMissing, rows);
    }

    @Override
    public Mono<Long> upsert(Publisher<? extends R> rows, String... key) {
        return write(target -> target.upsert(key), rows);
    }

    @Override
    public Mono<Long> update(Publisher<? extends R> rows, String... key) {
        return write(target -> target.update(key), rows);
    }

    @Override
    public Mono<Long> delete(Publisher<? extends R> rows) {
        return write(RowTarget::delete, rows);
    }

    @Override
    public Mono<Long> run(String sql, Publisher<? extends R> rows) {
        return write(target -> target.with(sql), rows);
    }

    private Mono<Long> write(Function<RowTarget, String> sql, Publisher<? extends R> rows) {
        return scope.<Long>atomic(transaction -> target(transaction).flatMapMany(target -> {
                    ChunkStatement statement = new ChunkStatement(scope, target, sql.apply(target));
                    return Flux.<R>from(rows)
                            .buffer(chunk)
                            .index()
                            .concatMap(
                                    part -> {
                                        long before = part.getT1() * chunk;
                                        return statement
                                                .run(transaction, before, part.getT2())
                                                .doOnNext(count -> progress.accept(
                                                        before + part.getT2().size()));
                                    },
                                    1);
                }))
                .reduce(0L, Long::sum)
                .onErrorResume(ChunkRefused.class, ChunkRefused::located);
    }

    @Override
    public Mono<Long> copy(Publisher<? extends R> rows) {
        return scope.<Long>atomic(transaction -> target(transaction).flatMapMany(target -> {
                    BinaryRows binary = new BinaryRows(target);
                    ParsedSql insert = ParsedSql.parse("INSERT INTO " + target.table() + " DEFAULT VALUES");
                    return transaction.run(true, lease -> {
                        // What may remain of it is what remains of an INSERT: the work of triggers.
                        lease.announce(insert::mayChangeSession);
                        return lease.copyIn(target.copy(), binary.encode(DataFailure.marked(rows), progress))
                                .concatWith(unchanged(lease, target));
                    });
                }))
                .onErrorMap(CopyIn::refused)
                .reduce(0L, Long::sum);
    }

    private Mono<RowTarget> target(OpenTransaction transaction) {
        // Not by a query, which would have the session reset.
        return transaction
                .run(
                        false,
                        lease -> lease.converse(
                                TableColumn.QUERY,
                                statement -> statement.bind(0, table),
                                result -> result.map(DefaultBulk::column)))
                .collectList()
                .map(columns -> RowTarget.of(table, type, columns));
    }

    /**
     * Fails where the columns are not those that the rows were written for: a COPY may have waited behind an ALTER TABLE, and the server
     * cannot tell the bytes of one type from those of another. From its beginning to the end of the transaction it keeps the next one out.
     */
    private static Flux<Long> unchanged(Statements lease, RowTarget target) {
        return lease.converse(
                        TableColumn.OUTLINE,
                        statement -> statement.bind(0, target.table()),
                        result -> result.map(row -> text(row, "outline")))
                .filter(outline -> !outline.equals(target.outline()))
                .flatMap(outline -> Mono.error(changed(target.table())));
    }

    private static StatementException changed(String table) {
        return new StatementException("the columns of " + table
                + " changed before its rows were taken: nothing is kept of them, and they can be copied again");
    }

    private static TableColumn column(Readable row) {
        return new TableColumn(
                text(row, "table"),
                text(row, "name"),
                text(row, "quoted"),
                text(row, "type"),
                number(row, "declared"),
                number(row, "oid"),
                text(row, "kind"),
                number(row, "element"),
                text(row, "element_kind"));
    }

    private static long number(Readable row, String column) {
        return Objects.requireNonNull(row.get(column, Long.class));
    }

    private static String text(Readable row, String column) {
        return Objects.requireNonNull(row.get(column, String.class));
    }
}
