package io.github.r2dbcsession;

import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A client with a connection of its own, a session or a transaction: everything runs there, whatever the Context says. */
interface ScopedClient extends SqlClient, StatementScope {

    @Override
    default Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    default <R> Bulk<R> bulk(String table, Class<R> rows) {
        return DefaultBulk.of(this, table, rows);
    }

    @Override
    default Mono<Long> copyIn(String sql, Publisher<ByteBuffer> data) {
        return CopyIn.of(this, sql, data);
    }

    @Override
    default Flux<ByteBuffer> copyOut(String sql) {
        return CopyOut.of(this, sql);
    }
}
