package io.github.r2dbcsession.internal.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.r2dbcsession.sql.JsonCodec;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/** JSON by Jackson 2, an optional library: loaded only when JSON is met. */
final class JacksonCodec implements JsonCodec {

    private final ObjectMapper mapper = JsonMapper.builder().findAndAddModules().build();

    @Override
    public String write(@Nullable Object value) throws JsonProcessingException {
        return mapper.writeValueAsString(value);
    }

    @Override
    public @Nullable Object read(String json, Type type) throws JsonProcessingException {
        return mapper.readValue(json, mapper.constructType(type));
    }
}
