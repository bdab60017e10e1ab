package io.github.r2dbcsession.internal.cell;

import io.netty.buffer.ByteBuf;
import io.r2dbc.postgresql.message.Format;
import org.jspecify.annotations.Nullable;

/** Lets a row of the driver be asked for a {@link Cell}. Thread-safe. */
final class CellCodec extends ReadCodec<Cell> {

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
}
