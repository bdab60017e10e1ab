package io.github.r2dbcsession.internal.connection.tls;

import io.github.r2dbcsession.connection.TlsFailedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Reads root certificates and revocation lists, and verifies chains by them with OpenSSL's rules where Java's differ: only a
 * self-signed certificate is a root, and a root that has expired is none. Blocks.
 */
final class RootCertificates {

    /** libpq's word for the store of the platform, here Java's. */
    static final String SYSTEM = "system";

    private final Collection<X509Certificate> certificates;
    private final Collection<CRL> revocations = new ArrayList<>();
    private boolean revoking;

    private RootCertificates(Collection<X509Certificate> certificates) {
        this.certificates = certificates;
    }

    static RootCertificates read(String place) throws GeneralSecurityException {
        return new RootCertificates(
                place.equals(SYSTEM)
                        ? List.of(first(initialized(null)).getAcceptedIssuers())
                        : certificates("sslrootcert", place));
    }

    /** Reads the certificates of a file. */
    static List<X509Certificate> certificates(String key, String path) {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            for (Certificate certificate : CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(bytes(key, path)))) {
                certificates.add((X509Certificate) certificate);
            }
        } catch (CertificateException unreadable) {
            throw new TlsFailedException(key + ": " + path + " is no file of certificates in PEM", unreadable);
        }
        if (certificates.isEmpty()) {
            throw new TlsFailedException(key + ": " + path + " holds no certificate", null);
        }
        return certificates;
    }

    static byte[] bytes(String key, String path) {
        try {
            return Files.readAllBytes(Path.of(path));
        } catch (IOException unreadable) {
            throw new TlsFailedException(
                    key + ": " + path + " cannot be read: is it there, and is it yours?", unreadable);
        }
    }

    /** Demands that no certificate of a chain is revoked, by the lists of a file, of a folder or of both. */
    void revokeBy(@Nullable String file, @Nullable String folder) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        if (file != null) {
            revoking = true;
            revocations.addAll(factory.generateCRLs(new ByteArrayInputStream(bytes("sslcrl", file))));
        }
        if (folder != null) {
            revoking = true;
            try (Stream<Path> files = Files.list(Path.of(folder))) {
                for (Path list : files.filter(Files::isRegularFile).toList()) {
                    revocations.addAll(
                            factory.generateCRLs(new ByteArrayInputStream(bytes("sslcrldir", list.toString()))));
                }
            } catch (IOException unreadable) {
                throw new TlsFailedException("sslcrldir: " + folder + " cannot be listed", unreadable);
            }
        }
    }

    /**
     * Returns what verifies chains.
     *
     * @throws GeneralSecurityException when no certificate can serve as a root
     */
    X509ExtendedTrustManager verifier() throws GeneralSecurityException {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate certificate : certificates) {
            if (certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
                    && isValid(certificate)) {
                anchors.add(new TrustAnchor(certificate, null));
            }
        }
        if (anchors.isEmpty()) {
            throw new GeneralSecurityException(
                    "sslrootcert holds no self-signed certificate that is valid now, so it can verify nothing");
        }
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(certificates)));
        parameters.setRevocationEnabled(false);
        if (revoking) {
            parameters.addCertStore(
                    CertStore.getInstance("Collection", new CollectionCertStoreParameters(revocations)));
            PKIXRevocationChecker checker =
                    (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
            checker.setOptions(
                    EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
            parameters.addCertPathChecker(checker);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(new CertPathTrustManagerParameters(parameters));
        return first(factory);
    }

    private static boolean isValid(X509Certificate certificate) {
        try {
            certificate.checkValidity();
            return true;
        } catch (CertificateException outdated) {
            return false;
        }
    }

    private static TrustManagerFactory initialized(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    private static X509ExtendedTrustManager first(TrustManagerFactory factory) throws GeneralSecurityException {
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new GeneralSecurityException("Java's PKIX verifier is missing");
    }
}
