package io.github.r2dbcsession;

import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * A setting of PostgreSQL whose value comes from the subscriber's Reactor Context at each use of a connection: the tenant that row-level
 * security reads, or {@code application_name}. Immutable and thread-safe.
 *
 * <pre>{@code
 * Database db = Database.builder(url)
 *         .contextSetting(ContextSetting.required("app.tenant", "tenant"))
 *         .build();
 *
 * accounts.all().contextWrite(context -> context.put("tenant", "acme"));
 * }</pre>
 *
 * <p>A value is text, a number, a Boolean, a UUID or an enum constant, which counts by its name.
 */
public final class ContextSetting {

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][\\w$]*(\\.[A-Za-z_][\\w$]*)*");

    private final String name;
    private final Object key;
    private final boolean required;

    private ContextSetting(String name, Object key, boolean required) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "a setting's name is letters, digits and underscores, with dots between, was " + name);
        }
        this.name = name;
        this.key = Objects.requireNonNull(key, "key");
        this.required = required;
    }

    /**
     * Returns a setting without which nothing is sent: where the Context has no value for it, or an empty one, the use fails with
     * {@link ContextValueException} before a connection is acquired.
     *
     * @param name the setting, such as {@code app.tenant}
     * @param key where the Context has the value
     */
    public static ContextSetting required(String name, Object key) {
        return new ContextSetting(name, key, true);
    }

    /**
     * Returns a setting that is left as it is where the Context has no value for it.
     *
     * @param name the setting, such as {@code application_name}
     * @param key where the Context may have the value
     */
    public static ContextSetting optional(String name, Object key) {
        return new ContextSetting(name, key, false);
    }

    /** The setting's name. */
    public String name() {
        return name;
    }

    /** Returns the value in the Context, null where there is none and none is needed. */
    @Nullable
    String value(ContextView context) {
        Object value = context.getOrDefault(key, null);
        if (value == null) {
            if (required) {
                throw new ContextValueException(
                        name,
                        "has no value in the Reactor Context under the key " + key
                                + ": put one there with contextWrite, after (below) the call");
            }
            return null;
        }
        String text = text(value);
        if (required && text.isEmpty()) {
            throw new ContextValueException(name, "has an empty value in the Reactor Context");
        }
        if (text.indexOf('\0') >= 0 || !isUnicode(text)) {
            throw new ContextValueException(
                    name, "has a value that PostgreSQL cannot hold: NUL or half a surrogate pair");
        }
        return text;
    }

    private String text(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name();
        }
        if (value instanceof CharSequence
                || value instanceof Number
                || value instanceof Boolean
                || value instanceof UUID) {
            return value.toString();
        }
        throw new ContextValueException(
                name,
                "has a value of " + value.getClass()
                        + " in the Reactor Context: text, numbers, Booleans, UUIDs and enums are understood");
    }

    private static boolean isUnicode(String text) {
        try {
            StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** Returns the name and where the value comes from; never the value. */
    @Override
    public String toString() {
        return name + " from " + key + (required ? ", required" : ", optional");
    }
}
