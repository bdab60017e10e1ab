package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import java.util.List;
import java.util.Set;

/**
 * Which ways to log in a connection string allows. Immutable.
 *
 * @param words {@code require_auth} as stated, for messages, empty for none
 * @param methods those it names
 * @param negated whether all but the named ones are allowed
 * @param bound whether the login must be bound to the TLS connection
 * @param mayBind whether it may
 * @param certified whether the server must have asked for our certificate
 */
record AuthenticationPolicy(
        String words, Set<String> methods, boolean negated, boolean bound, boolean mayBind, boolean certified) {

    static final String NONE = "none";
    static final String CLEARTEXT = "password";
    static final String MD5 = "md5";
    static final String SCRAM = "scram-sha-256";

    static AuthenticationPolicy of(ConnectionString string) {
        String words = string.options().getOrDefault("require_auth", "");
        boolean negated = words.startsWith("!");
        Set<String> methods = words.isEmpty()
                ? Set.of()
                : Set.copyOf(List.of((negated ? words.replace("!", "") : words).split(",", -1)));
        return new AuthenticationPolicy(
                words,
                methods,
                negated || words.isEmpty(),
                "require".equals(string.options().get("channel_binding")),
                !"disable".equals(string.options().get("channel_binding")),
                "require".equals(string.options().get("sslcertmode")));
    }

    boolean allows(String method) {
        return methods.contains(method) != negated;
    }
}
