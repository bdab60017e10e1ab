package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.internal.connection.tls.ClientCertificate;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Judges the authentication of one login, message by message, before the driver sees what the server wants and before the server sees
 * what the driver answers. Every verdict is a reason to refuse, or null. Not thread-safe.
 */
final class Authentication {

    /** How many rounds of hashing a server may demand; each 100,000 take about 30 ms of an event loop. */
    static final int MAX_ITERATIONS = 100_000;

    private static final String BOUND_MECHANISM = "SCRAM-SHA-256-PLUS";
    private static final Pattern ITERATIONS = Pattern.compile("(?:^|,)i=0*([0-9]+)");

    private static final int OK = 0;
    private static final int CLEARTEXT = 3;
    private static final int MD5 = 5;
    private static final int SASL = 10;
    private static final int SASL_CONTINUE = 11;
    private static final int SASL_FINAL = 12;

    private enum Stage {
        UNASKED,
        PASSWORD,
        SASL,
        PROVED
    }

    private final AuthenticationPolicy policy;
    private final boolean tls;
    private final ClientCertificate client;
    private Stage stage = Stage.UNASKED;
    private boolean bound;

    /**
     * Judges by a policy.
     *
     * @param tls whether the connection has TLS
     * @param client what the server may have asked for in the handshake
     */
    Authentication(AuthenticationPolicy policy, boolean tls, ClientCertificate client) {
        this.policy = policy;
        this.tls = tls;
        this.client = client;
    }

    /**
     * Judges what the server asks for.
     *
     * @param code the kind of the authentication request
     * @param text what follows it
     */
    @Nullable
    String asked(int code, String text) {
        return switch (code) {
            case OK -> accepted();
            case CLEARTEXT -> password(AuthenticationPolicy.CLEARTEXT, "the password in clear");
            case MD5 -> password(AuthenticationPolicy.MD5, "the password's MD5 hash");
            case SASL -> sasl(List.of(text.split("\0", -1)));
            case SASL_CONTINUE -> challenged(text);
            case SASL_FINAL -> proved();
            default ->
                "the server asks for an authentication that is not supported here (" + code
                        + "): have it ask for scram-sha-256 in pg_hba.conf";
        };
    }

    /** Judges the mechanism that the driver is about to begin. */
    @Nullable
    String begun(String mechanism) {
        bound = mechanism.equals(BOUND_MECHANISM);
        return policy.bound() && !bound
                ? "channel_binding=require cannot be kept with the key of the server's certificate: give it one of RSA or EC"
                : null;
    }

    private @Nullable String accepted() {
        if (stage == Stage.SASL) {
            return "the server accepted the login without proving that it knows the password: it may be an impostor";
        }
        if (policy.bound() && !(bound && stage == Stage.PROVED)) {
            return "channel_binding=require forbids a login that is not bound to the TLS connection: "
                    + "have the server ask for scram-sha-256 in pg_hba.conf";
        }
        if (policy.certified() && !client.shown()) {
            return client.requested()
                    ? "sslcertmode=require needs a certificate to show, and there is none that fits: state sslcert and sslkey"
                    : "the server asked for no certificate, which sslcertmode=require demands: set ssl_ca_file there";
        }
        if (stage == Stage.UNASKED && !policy.allows(AuthenticationPolicy.NONE)) {
            return forbidden("the server asks for no password at all");
        }
        return null;
    }

    private @Nullable String password(String method, String what) {
        stage = Stage.PASSWORD;
        if (policy.bound()) {
            return "the server asks for " + what
                    + ", which channel_binding=require forbids: have it ask for scram-sha-256 in pg_hba.conf";
        }
        return policy.allows(method) ? null : forbidden("the server asks for " + what);
    }

    private @Nullable String sasl(List<String> mechanisms) {
        stage = Stage.SASL;
        if (!policy.allows(AuthenticationPolicy.SCRAM)) {
            return forbidden("the server asks for SCRAM");
        }
        if (policy.bound() && !tls) {
            return "channel_binding=require needs TLS, and this connection has none: use sslmode=require or stronger";
        }
        if (policy.bound() && !mechanisms.contains(BOUND_MECHANISM)) {
            return "the server does not offer " + BOUND_MECHANISM + ", which channel_binding=require demands:"
                    + " is there a proxy between that ends TLS?";
        }
        return null;
    }

    private @Nullable String challenged(String serverFirst) {
        Matcher iterations = ITERATIONS.matcher(serverFirst);
        String limit = String.valueOf(MAX_ITERATIONS);
        if (stage != Stage.SASL) {
            return "the server goes on with an authentication that was not begun";
        }
        if (iterations.find()) {
            String count = iterations.group(1);
            if (count.length() > limit.length() || Integer.parseInt(count) > MAX_ITERATIONS) {
                return "the server demands more than " + MAX_ITERATIONS
                        + " SCRAM iterations, which would hold up every other"
                        + " connection: lower scram_iterations there and set the password again";
            }
        }
        return null;
    }

    private @Nullable String proved() {
        if (stage != Stage.SASL) {
            return "the server ends an authentication that was not begun";
        }
        stage = Stage.PROVED;
        return null;
    }

    private String forbidden(String what) {
        return what + ", which require_auth=" + policy.words()
                + " forbids: change pg_hba.conf there, or require_auth here";
    }
}
