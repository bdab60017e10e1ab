package io.github.r2dbcsession.internal.pool;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** What r2dbc-pool connects by. */
record Source(Supplier<Mono<Connection>> connect) implements ConnectionFactory {

    @Override
    public Mono<Connection> create() {
        return Mono.defer(connect);
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return () -> "PostgreSQL";
    }
}
