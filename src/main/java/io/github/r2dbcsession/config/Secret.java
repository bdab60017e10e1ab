package io.github.r2dbcsession.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Objects;

/** A text that must not be seen: it prints as {@code ***}. Immutable. */
public final class Secret {

    static final String MASK = "***";

    private final String text;

    private Secret(String text) {
        this.text = text;
    }

    /**
     * Returns a secret of a text.
     *
     * @throws IllegalArgumentException when the text has a NUL character, which the wire protocol cannot carry
     */
    public static Secret of(String text) {
        Objects.requireNonNull(text, "text");
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a secret must not have a NUL character");
        }
        return new Secret(text);
    }

    /** Returns the text itself. Keep it out of messages, logs and {@code toString}. */
    public String reveal() {
        return text;
    }

    /** Compares in a time that does not depend on where two texts of the same length differ. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && MessageDigest.isEqual(bytes(), secret.bytes());
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** Returns {@code ***}. */
    @Override
    public String toString() {
        return MASK;
    }

    private byte[] bytes() {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
