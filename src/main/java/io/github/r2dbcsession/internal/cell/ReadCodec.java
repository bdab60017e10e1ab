package io.github.r2dbcsession.internal.cell;

import io.r2dbc.postgresql.client.EncodedParameter;
import io.r2dbc.postgresql.codec.Codec;

/** A codec for what is read only. */
abstract class ReadCodec<T> implements Codec<T> {

    @Override
    public final boolean canEncode(Object value) {
        return false;
    }

    @Override
    public final boolean canEncodeNull(Class<?> type) {
        return false;
    }

    @Override
    public final EncodedParameter encode(Object value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final EncodedParameter encode(Object value, int dataType) {
        throw new UnsupportedOperationException();
    }

    @Override
    public final EncodedParameter encodeNull() {
        throw new UnsupportedOperationException();
    }
}
