package io.github.r2dbcsession.internal.connection.tls;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.Secret;
import io.github.r2dbcsession.config.SslMode;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** What a connection string demands of TLS. Immutable. */
public final class TlsPolicy {

    private static final List<String> VERSIONS = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");

    private final SslMode mode;
    private final Map<String, String> options;
    private final @Nullable Secret keyPassword;

    /** Reads the string. */
    public TlsPolicy(ConnectionString string) {
        this.mode = string.sslMode();
        this.options = string.options();
        this.keyPassword = string.sslPassword().orElse(null);
    }

    /** The mode that is asked for. */
    public SslMode mode() {
        return mode;
    }

    /** Whether TLS begins at once, without asking the server first. */
    public boolean direct() {
        return "direct".equals(options.get("sslnegotiation"));
    }

    /** The attempts to make at a host, in order, as libpq makes them: the next one where the server or TLS refuses one. */
    public List<Encryption> attempts(HostAndPort host) {
        if (host.isSocket()) {
            return List.of(Encryption.PLAIN);
        }
        return switch (mode) {
            case DISABLE -> List.of(Encryption.PLAIN);
            case ALLOW -> List.of(Encryption.PLAIN, Encryption.DEMANDED);
            case PREFER -> List.of(Encryption.OFFERED, Encryption.PLAIN);
            case REQUIRE, VERIFY_CA, VERIFY_FULL -> List.of(Encryption.DEMANDED);
        };
    }

    /**
     * Reads every file anew and makes what connections to a host need. Blocks.
     *
     * @throws io.github.r2dbcsession.connection.TlsFailedException when a file cannot be used
     * @throws GeneralSecurityException when TLS cannot work so
     * @throws SSLException when TLS cannot even begin
     */
    public TlsContext load(String host) throws GeneralSecurityException, SSLException {
        ServerName name = new ServerName(host);
        boolean certificate = !"disable".equals(options.get("sslcertmode"));
        ClientCertificate client = certificate
                ? ClientCertificate.read(options.get("sslcert"), options.get("sslkey"), keyPassword)
                : ClientCertificate.none();
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {client}, new TrustManager[] {trust(name)}, null);
        boolean announce = !"0".equals(options.get("sslsni")) && !name.isAddress();
        return new TlsContext(context, versions(context), announce ? host : null, client);
    }

    private ServerTrust trust(ServerName name) throws GeneralSecurityException {
        ServerName demanded = mode == SslMode.VERIFY_FULL ? name : null;
        String place = roots();
        if (place == null) {
            return new ServerTrust(null, "", demanded);
        }
        RootCertificates roots = RootCertificates.read(place);
        roots.revokeBy(options.get("sslcrl"), options.get("sslcrldir"));
        return new ServerTrust(
                roots.verifier(), place.equals(RootCertificates.SYSTEM) ? "Java's trust store" : place, demanded);
    }

    /** Where the root certificates are, null where libpq would not verify. */
    private @Nullable String roots() {
        String stated = options.get("sslrootcert");
        return stated == null && mode == SslMode.VERIFY_FULL ? RootCertificates.SYSTEM : stated;
    }

    private String[] versions(SSLContext context) {
        int least = VERSIONS.indexOf(options.getOrDefault("ssl_min_protocol_version", "TLSv1.2"));
        int most = VERSIONS.indexOf(options.getOrDefault("ssl_max_protocol_version", "TLSv1.3"));
        return Arrays.stream(context.getSupportedSSLParameters().getProtocols())
                .filter(version -> VERSIONS.indexOf(version) >= least && VERSIONS.indexOf(version) <= most)
                .toArray(String[]::new);
    }
}
