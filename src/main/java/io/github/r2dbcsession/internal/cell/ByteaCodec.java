package io.github.r2dbcsession.internal.cell;

import static io.r2dbc.postgresql.codec.PostgresqlObjectId.BYTEA;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.r2dbc.postgresql.message.Format;
import org.jspecify.annotations.Nullable;

/** Lets a row of the driver, which knows one of the text forms, be asked for a {@link Bytea}. Thread-safe. */
final class ByteaCodec extends ReadCodec<Bytea> {

    @Override
    public boolean canDecode(int dataType, Format format, Class<?> type) {
        return type == Bytea.class && dataType == BYTEA.getObjectId();
    }

    @Override
    public @Nullable Bytea decode(@Nullable ByteBuf buffer, int dataType, Format format, Class<? extends Bytea> type) {
        if (buffer == null) {
            return null;
        }
        byte[] sent = ByteBufUtil.getBytes(buffer);
        return new Bytea(format == Format.FORMAT_TEXT ? Bytea.read(sent) : sent);
    }
}
