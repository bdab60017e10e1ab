package io.github.r2dbcsession.example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;

/** Writes values as JSON, and reads JSON strictly: nothing missing, nothing unknown, nothing rounded. Thread-safe. */
final class Json {

    private final ObjectMapper mapper = JsonMapper.builder()
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .addModule(new SimpleModule().addSerializer(Instant.class, ToStringSerializer.instance))
            .build();

    /** Prepares what is read and written: Jackson does so at the first use and under a lock, where an event loop may not wait. */
    Json() {
        List.of(Account.class, NewAccount.class, TransferOrder.class).forEach(mapper::readerFor);
        List.of(Account.class, Transfer.class, Entry.class).forEach(mapper::writerFor);
    }

    /** Returns a value in one line. */
    byte[] write(Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    /** Returns each value in a line of its own, each ended by a newline. */
    byte[] lines(List<?> values) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (Object value : values) {
            lines.writeBytes(write(value));
            lines.write('\n');
        }
        return lines.toByteArray();
    }

    /**
     * Reads a value.
     *
     * @param form what the JSON must look like, for the one whose JSON does not
     * @throws Refusal when it cannot be read
     */
    <T> T read(byte[] json, Class<T> type, String form) {
        try {
            T value = mapper.readValue(json, type);
            if (value == null) {
                throw Refusal.invalid("expected JSON such as " + form);
            }
            return value;
        } catch (JsonMappingException e) {
            throw e.getCause() instanceof Refusal refusal
                    ? refusal
                    : Refusal.invalid(misfit(e) + " in JSON such as " + form);
        } catch (JsonProcessingException e) {
            throw Refusal.invalid("expected JSON such as " + form);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String misfit(JsonMappingException failure) {
        if (failure.getPath().isEmpty()) {
            return "expected one object";
        }
        String field = failure.getPath().get(0).getFieldName();
        return (failure instanceof UnrecognizedPropertyException ? "expected no " : "expected ") + field;
    }
}
