package io.github.r2dbcsession.internal.cell;

import io.netty.buffer.ByteBuf;
import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import io.r2dbc.postgresql.message.Format;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads an array as the text that the server writes for it, which the driver takes for the array of an array. Thread-safe. */
final class ArrayTextCodec extends ReadCodec<String> {

    @Override
    public boolean canDecode(int dataType, Format format, Class<?> type) {
        return type == String.class
                && format == Format.FORMAT_TEXT
                && PostgresqlObjectId.isValid(dataType)
                && PostgresqlObjectId.valueOf(dataType).name().endsWith("_ARRAY");
    }

    @Override
    public @Nullable String decode(
            @Nullable ByteBuf buffer, int dataType, Format format, Class<? extends String> type) {
        return buffer == null ? null : buffer.toString(StandardCharsets.UTF_8);
    }
}
