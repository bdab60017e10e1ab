package io.github.r2dbcsession.config;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whom to log in as. Immutable; {@link #toString()} shows no password. */
public final class Credentials {

    private final String user;
    private final @Nullable Secret password;
    private final @Nullable Duration lifetime;

    private Credentials(String user, @Nullable Secret password, @Nullable Duration lifetime) {
        this.user = user;
        this.password = password;
        this.lifetime = lifetime;
    }

    /**
     * Returns credentials without a password, for servers that trust or that ask for a certificate.
     *
     * @throws IllegalArgumentException when the user is empty or has a NUL character, which the wire protocol cannot carry
     */
    public static Credentials of(String user) {
        if (user.isEmpty() || user.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("user must not be empty nor have a NUL character");
        }
        return new Credentials(user, null, null);
    }

    /**
     * Returns credentials with a password or token.
     *
     * @throws IllegalArgumentException when the user is empty or has a NUL character
     */
    public static Credentials of(String user, Secret password) {
        return new Credentials(of(user).user, Objects.requireNonNull(password, "password"), null);
    }

    /**
     * Returns credentials with a password or token.
     *
     * @throws IllegalArgumentException when the user is empty, or the user or the password has a NUL character
     */
    public static Credentials of(String user, String password) {
        return of(user, Secret.of(password));
    }

    /**
     * Returns the same credentials with a time for which they need not be asked for again. Default: none, they are asked for at each
     * connect.
     *
     * @param lifetime more than 0
     */
    public Credentials validFor(Duration lifetime) {
        if (lifetime.isNegative() || lifetime.isZero()) {
            throw new IllegalArgumentException("lifetime must be more than 0, was " + lifetime);
        }
        return new Credentials(user, password, lifetime);
    }

    /** The user. */
    public String user() {
        return user;
    }

    /** The password or token, if there is one. */
    public Optional<Secret> password() {
        return Optional.ofNullable(password);
    }

    /** For how long they may be used without asking again, if stated. */
    public Optional<Duration> lifetime() {
        return Optional.ofNullable(lifetime);
    }

    /** Two values are equal when they log in alike; the lifetime does not count. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Credentials credentials
                && user.equals(credentials.user)
                && Objects.equals(password, credentials.password);
    }

    @Override
    public int hashCode() {
        return Objects.hash(user, password);
    }

    /** Returns the user, and {@code ***} for a password. */
    @Override
    public String toString() {
        return password == null ? user : user + ":" + password;
    }
}
