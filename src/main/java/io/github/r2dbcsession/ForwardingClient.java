package io.github.r2dbcsession;

import java.nio.ByteBuffer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A client that has another one run everything. */
interface ForwardingClient extends SqlClient {

    /** The one that does. */
    SqlClient client();

    @Override
    default Query sql(String sql) {
        return client().sql(sql);
    }

    @Override
    default <R> Bulk<R> bulk(String table, Class<R> rows) {
        return client().bulk(table, rows);
    }

    @Override
    default Mono<Long> copyIn(String sql, Publisher<ByteBuffer> data) {
        return client().copyIn(sql, data);
    }

    @Override
    default Flux<ByteBuffer> copyOut(String sql) {
        return client().copyOut(sql);
    }
}
