package io.github.r2dbcsession.sql;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * JSON to be bound, for {@code json} and {@code jsonb} alike. Immutable, and so thread-safe as long as the value is left alone.
 *
 * <p>A value is written when it is bound, by Jackson or by the {@link JsonCodec} that is there; a text needs neither.
 */
public final class Json {

    private final @Nullable Object value;
    private final boolean written;

    private Json(@Nullable Object value, boolean written) {
        this.value = value;
        this.written = written;
    }

    /** Says that a value is to be written as JSON: a record, a map, a list, a tree of Jackson's; null is JSON's {@code null}. */
    public static Json of(@Nullable Object value) {
        return new Json(value, false);
    }

    /** Says that a text is JSON already. The server checks it. */
    public static Json ofText(String text) {
        return new Json(Objects.requireNonNull(text, "text"), true);
    }

    /** Returns the value, or the text when it {@linkplain #isText() is one}. */
    public @Nullable Object value() {
        return value;
    }

    /** Returns whether the value is a text that is JSON already. */
    public boolean isText() {
        return written;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Json json && written == json.written && Objects.equals(value, json.value);
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(value);
    }

    /** Shows no part of the value: what is bound appears in no text. */
    @Override
    public String toString() {
        return "Json";
    }
}
