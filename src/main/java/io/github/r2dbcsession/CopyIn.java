package io.github.r2dbcsession;

import io.github.r2dbcsession.sql.StatementException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.r2dbc.postgresql.api.PostgresqlException;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** COPY from STDIN, and what its errors say of the row. */
final class CopyIn {

    private static final Pattern STATEMENT =
            Pattern.compile("\\s*COPY\\s.*\\sFROM\\s+STDIN\\b[^;]*;?\\s*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    /** The server says {@code COPY account, line 17, column id}, in its own language; only the number is sure. */
    private static final Pattern LINE = Pattern.compile(",\\D*(\\d+)");

    private CopyIn() {}

    /** Runs a statement of the caller's own. */
    static Mono<Long> of(StatementScope scope, String sql, Publisher<ByteBuffer> data) {
        if (!STATEMENT.matcher(sql).matches()) {
            throw new StatementException("copyIn runs one COPY ... FROM STDIN, in the format of the data");
        }
        Flux<ByteBuf> buffers = DataFailure.marked(data).map(Unpooled::wrappedBuffer);
        return scope.<Long>atomic(transaction -> transaction.run(true, lease -> {
                    lease.announce((policy, suspects) -> true);
                    return lease.copyIn(sql, buffers);
                }))
                .onErrorMap(CopyIn::refused)
                .reduce(0L, Long::sum);
    }

    /** Names the row of which the server complains; the data's own error is passed on. */
    static Throwable refused(Throwable failure) {
        if (failure instanceof DataFailure data) {
            return data.own();
        }
        if (!(failure instanceof PostgresqlException refusal) || !BulkException.isOfARow(failure)) {
            return failure;
        }
        Matcher line = LINE.matcher(refusal.getErrorDetails().getWhere().orElse(""));
        if (!line.find()) {
            // Keys are looked at when all rows are in; anything else without a line is about the statement.
            return BulkException.isOfAKey(failure) ? new BulkException(1, Long.MAX_VALUE, failure) : failure;
        }
        long row = Long.parseLong(line.group(1));
        return new BulkException(row, row, failure);
    }
}
