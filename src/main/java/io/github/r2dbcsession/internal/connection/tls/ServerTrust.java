package io.github.r2dbcsession.internal.connection.tls;

import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Decides whether a server is who it should be: its chain first, then the name that was asked for. */
final class ServerTrust extends X509ExtendedTrustManager {

    private static final int MIN_RSA_BITS = 2048;

    private final @Nullable X509ExtendedTrustManager chains;
    private final String roots;
    private final @Nullable ServerName name;

    /**
     * Trusts as it is told.
     *
     * @param chains verifies certificate chains, null where libpq verifies none
     * @param roots where its root certificates come from, for messages
     * @param name what the certificate must bear, null for any
     */
    ServerTrust(@Nullable X509ExtendedTrustManager chains, String roots, @Nullable ServerName name) {
        this.chains = chains;
        this.roots = roots;
        this.name = name;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        if (chains != null) {
            try {
                chains.checkServerTrusted(chain, authType, engine);
                // Java does not look at the dates of a certificate that is itself among the trusted ones.
                chain[0].checkValidity();
            } catch (CertificateException refused) {
                throw new CertificateException(reason(refused, chain), refused);
            }
            for (X509Certificate certificate : chain) {
                checkStrength(certificate);
            }
        }
        if (name != null) {
            name.check(chain[0]);
        }
    }

    /** Java takes RSA keys from 1024 bits on; OpenSSL at the level that systems set it to, so psql on them, from 2048. */
    private static void checkStrength(X509Certificate certificate) throws CertificateException {
        if (certificate.getPublicKey() instanceof RSAPublicKey key
                && key.getModulus().bitLength() < MIN_RSA_BITS) {
            throw new CertificateException("a certificate that it shows has an RSA key of "
                    + key.getModulus().bitLength() + " bits, which is too weak: at least " + MIN_RSA_BITS
                    + " are needed");
        }
    }

    private String reason(CertificateException refused, X509Certificate[] chain) {
        try {
            for (X509Certificate certificate : chain) {
                certificate.checkValidity();
            }
        } catch (CertificateExpiredException expired) {
            return "a certificate that it shows has expired: renew it";
        } catch (CertificateNotYetValidException early) {
            return "a certificate that it shows is not valid yet: are the clocks right?";
        }
        CertPathValidatorException.Reason reason = null;
        for (Throwable at = refused; at != null; at = at.getCause()) {
            if (at instanceof CertPathValidatorException invalid) {
                reason = invalid.getReason();
            }
        }
        if (reason == BasicReason.REVOKED) {
            return "its certificate has been revoked";
        }
        if (reason == BasicReason.UNDETERMINED_REVOCATION_STATUS) {
            return "no valid revocation list of its issuer is in sslcrl or sslcrldir";
        }
        if (reason == BasicReason.ALGORITHM_CONSTRAINED) {
            return "a certificate that it shows has a key or signature too weak for Java";
        }
        for (Throwable at = refused; at != null; at = at.getCause()) {
            if (at instanceof CertPathBuilderException) {
                return untrusted(chain);
            }
        }
        return reason == null ? String.valueOf(refused.getMessage()) : untrusted(chain);
    }

    private String untrusted(X509Certificate[] chain) {
        return "its certificate, issued by " + chain[chain.length - 1].getIssuerX500Principal()
                + ", leads to no root certificate of " + roots
                + ": is that the authority that signed it, and does the server send every intermediate certificate?";
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("only the servers of an SSLEngine are judged here");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("clients are not judged here");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
