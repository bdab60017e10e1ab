package io.github.r2dbcsession.sql;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads JSON for {@link Json} parameters, and for {@code json} and {@code jsonb} columns that are read as a class of the
 * application's. Must be thread-safe and must not block.
 *
 * <p>Without one, Jackson 2 is used when it is present, with the modules that it finds. To use another library or a mapper of one's
 * own, name an implementation with a public constructor without parameters in the file
 * {@code META-INF/services/io.github.r2dbcsession.sql.JsonCodec}.
 */
public interface JsonCodec {

    /**
     * Writes a value as JSON text.
     *
     * @throws Exception when it cannot; nothing of its message is shown
     */
    String write(@Nullable Object value) throws Exception;

    /**
     * Reads JSON text, which is valid.
     *
     * @param type the class, or the type with its parameters, of the record's component
     * @throws Exception when the text does not fit the type; nothing of its message is shown
     */
    @Nullable
    Object read(String json, Type type) throws Exception;
}
