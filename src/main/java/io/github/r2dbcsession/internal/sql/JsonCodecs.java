package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.JsonCodec;
import java.lang.reflect.Type;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** The application's codec, else Jackson. What they throw may quote a value: it is not passed on. */
final class JsonCodecs {

    private static final String ADVICE =
            "add com.fasterxml.jackson.core:jackson-databind, or a JsonCodec of your own, or use JSON text";

    private JsonCodecs() {}

    static String write(Json json) {
        if (json.isText()) {
            return String.valueOf(json.value());
        }
        Object value = json.value();
        JsonCodec codec = Holder.CODEC;
        if (codec == null) {
            throw new Conversion.Failure("nothing is there to write JSON: " + ADVICE);
        }
        try {
            return codec.write(value);
        } catch (Exception e) {
            throw new Conversion.Failure("no JSON can be written of "
                    + (value == null ? "null" : value.getClass().getTypeName()) + " ("
                    + e.getClass().getSimpleName() + ")");
        }
    }

    static @Nullable Object read(String text, Type type) {
        JsonCodec codec = Holder.CODEC;
        if (codec == null) {
            throw new Conversion.Failure("nothing is there to read JSON: " + ADVICE);
        }
        try {
            return codec.read(text, type);
        } catch (Exception e) {
            throw new Conversion.Failure(
                    "its JSON does not fit that type (" + e.getClass().getSimpleName() + ")");
        }
    }

    /** Looked for when JSON is met first. */
    private static final class Holder {

        static final @Nullable JsonCodec CODEC = ServiceLoader.load(JsonCodec.class, JsonCodec.class.getClassLoader())
                .findFirst()
                .orElseGet(Holder::jackson);

        private static @Nullable JsonCodec jackson() {
            try {
                return new JacksonCodec();
            } catch (NoClassDefFoundError absent) {
                return null;
            }
        }
    }
}
