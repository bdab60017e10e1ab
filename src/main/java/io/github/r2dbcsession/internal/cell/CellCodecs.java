package io.github.r2dbcsession.internal.cell;

import io.netty.buffer.ByteBufAllocator;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.codec.CodecRegistry;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** What rows of the driver can be asked for beyond what it reads itself. */
public final class CellCodecs {

    private static final CellCodec CELL = new CellCodec();
    private static final ByteaCodec BYTEA = new ByteaCodec();
    private static final ArrayTextCodec ARRAY_TEXT = new ArrayTextCodec();

    private CellCodecs() {}

    /** Adds the codecs to those of a new connection, before the driver's own, one of which takes arrays for itself: a {@code CodecRegistrar}. */
    public static Publisher<Void> register(
            PostgresqlConnection connection, ByteBufAllocator allocator, CodecRegistry registry) {
        return Mono.fromRunnable(() -> {
            registry.addFirst(ARRAY_TEXT);
            registry.addFirst(BYTEA);
            registry.addFirst(CELL);
        });
    }
}
