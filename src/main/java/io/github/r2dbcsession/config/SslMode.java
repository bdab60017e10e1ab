package io.github.r2dbcsession.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How much TLS a connection must have: libpq's six words. Immutable. */
public enum SslMode {
    /** Never TLS. */
    DISABLE("disable", "never TLS"),
    /** Plain first, TLS when the server insists. */
    ALLOW("allow", "plain first, TLS if the server insists, certificate not verified"),
    /** TLS first, plain when the server has none. The default. */
    PREFER("prefer", "TLS if the server offers it, certificate not verified"),
    /** TLS or no connection. */
    REQUIRE("require", "TLS required, certificate not verified"),
    /** TLS with a certificate of a trusted authority. */
    VERIFY_CA("verify-ca", "TLS required, certificate chain verified, host name not"),
    /** TLS with a certificate of a trusted authority that names the host. */
    VERIFY_FULL("verify-full", "TLS required, certificate chain and host name verified");

    private final String word;
    private final String meaning;

    SslMode(String word, String meaning) {
        this.word = word;
        this.meaning = meaning;
    }

    /**
     * Reads one of the six words, in any case and with underscores for hyphens.
     *
     * @throws InvalidConnectionStringException when it is none of them
     */
    public static SslMode parse(String word) {
        return find(word)
                .orElseThrow(() -> new InvalidConnectionStringException("sslmode", "must be one of " + words()));
    }

    static Optional<SslMode> find(String word) {
        String wanted = word.replace('_', '-').toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(mode -> mode.word.equals(wanted)).findFirst();
    }

    private static String words() {
        return Arrays.stream(values()).map(SslMode::toString).collect(Collectors.joining(", "));
    }

    /** Says in words what the mode means, such as "TLS required, certificate not verified". */
    public String meaning() {
        return meaning;
    }

    /** Whether a connection without TLS is refused. */
    public boolean requiresTls() {
        return compareTo(REQUIRE) >= 0;
    }

    /** Whether the server's certificate is verified. */
    public boolean verifies() {
        return compareTo(VERIFY_CA) >= 0;
    }

    /** Returns libpq's word, such as {@code verify-full}. */
    @Override
    public String toString() {
        return word;
    }
}
