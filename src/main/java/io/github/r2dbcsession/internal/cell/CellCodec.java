package io.github.r2dbcsession.internal.cell;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.client.EncodedParameter;
import io.r2dbc.postgresql.codec.Codec;
import io.r2dbc.postgresql.codec.CodecRegistry;
import io.r2dbc.postgresql.message.Format;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** Lets a row of the driver be asked for a {@link Cell}. Thread-safe. */
public final class CellCodec implements Codec<Cell> {

    private static final CellCodec INSTANCE = new CellCodec();

    private CellCodec() {}

    /** Adds the codec to those of a new connection, before the driver's own, one of which takes arrays for itself: a {@code CodecRegistrar}. */
    public static Publisher<Void> register(
            PostgresqlConnection connection, ByteBufAllocator allocator, CodecRegistry registry) {
        return Mono.fromRunnable(() -> registry.addFirst(INSTANCE));
    }

    @Override
    public boolean canDecode(int dataType, Format format, Class<?> type) {
        return type == Cell.class;
    }

    @Override
    public @Nullable Cell decode(@Nullable ByteBuf buffer, int dataType, Format format, Class<? extends Cell> type) {
        if (buffer == null) {
            return null;
        }
        return format == Format.FORMAT_TEXT ? Cell.of(buffer) : Cell.untold();
    }

    @Override
    public boolean canEncode(Object value) {
        return false;
    }

    @Override
    public boolean canEncodeNull(Class<?> type) {
        return false;
    }

    @Override
    public EncodedParameter encode(Object value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public EncodedParameter encode(Object value, int dataType) {
        throw new UnsupportedOperationException();
    }

    @Override
    public EncodedParameter encodeNull() {
        throw new UnsupportedOperationException();
    }
}
