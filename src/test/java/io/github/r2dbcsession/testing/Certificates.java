package io.github.r2dbcsession.testing;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.RevocationServer;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;

/** A certificate authority, and what it issues. */
public final class Certificates {

    private final X509Bundle authority;

    private Certificates(X509Bundle authority) {
        this.authority = authority;
    }

    /** Returns a new authority; every one bears the same name. */
    public static Certificates create() {
        return new Certificates(built(() -> new CertificateBuilder()
                .ecp256()
                .subject("CN=Test authority")
                .setIsCertificateAuthority(true)
                .buildSelfSigned()));
    }

    public X509Bundle authority() {
        return authority;
    }

    /** Issues a certificate, valid now. */
    public X509Bundle issue(UnaryOperator<CertificateBuilder> details) {
        return built(() -> details.apply(new CertificateBuilder().ecp256().subject("CN=Test"))
                .buildIssuedBy(authority));
    }

    /** Issues a certificate that has expired. */
    public X509Bundle expired(String host) {
        Instant now = Instant.now();
        return issue(it -> it.addSanDnsName(host)
                .notBefore(now.minus(Duration.ofDays(2)))
                .notAfter(now.minus(Duration.ofDays(1))));
    }

    /** Issues a certificate that is not valid yet. */
    public X509Bundle early(String host) {
        Instant now = Instant.now();
        return issue(it ->
                it.addSanDnsName(host).notBefore(now.plus(Duration.ofDays(1))).notAfter(now.plus(Duration.ofDays(2))));
    }

    /** Issues a certificate through an intermediate authority, and bears that one's certificate with it. */
    public X509Bundle behindIntermediate(String host) {
        X509Bundle intermediate = issue(it -> it.subject("CN=Test intermediate").setIsCertificateAuthority(true));
        return built(() -> new CertificateBuilder()
                .ecp256()
                .subject("CN=Test")
                .addSanDnsName(host)
                .buildIssuedBy(intermediate));
    }

    /** Issues a certificate through an intermediate authority, whose certificate is missing. */
    public X509Bundle behindMissingIntermediate(String host) {
        X509Bundle whole = behindIntermediate(host);
        return X509Bundle.fromCertificatePath(
                new X509Certificate[] {whole.getCertificate()}, whole.getRootCertificate(), whole.getKeyPair());
    }

    /** Issues a certificate for an RSA key of so many bits. */
    public X509Bundle withRsaKey(String host, int bits) {
        return built(() -> {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            KeyPair keys = generator.generateKeyPair();
            X509Bundle issued = issue(it -> it.addSanDnsName(host).publicKey(keys.getPublic()));
            return X509Bundle.fromCertificatePath(issued.getCertificatePath(), issued.getRootCertificate(), keys);
        });
    }

    /** Returns a certificate that nobody issued. */
    public X509Bundle selfSigned(String host) {
        return built(() -> new CertificateBuilder()
                .ecp256()
                .subject("CN=" + host)
                .addSanDnsName(host)
                .setIsCertificateAuthority(true)
                .buildSelfSigned());
    }

    /** Returns a server's TLS that shows a certificate. */
    public SSLContext server(X509Bundle bundle) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(bundle.toKeyManagerFactory().getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes the root certificate into a folder. */
    public Path root(Path folder) {
        return write(folder, "root-" + System.identityHashCode(this) + ".crt", authority.getCertificatePEM());
    }

    /** Revokes a certificate and writes the authority's list into a folder. */
    public Path revoke(X509Bundle bundle, Path folder) {
        return built(() -> {
            RevocationServer lists = RevocationServer.getInstance();
            lists.register(authority);
            lists.revoke(bundle, Instant.now().minusSeconds(60));
            try (InputStream list = lists.getCrlUri(authority).toURL().openStream()) {
                Path file = folder.resolve("revoked.crl");
                Files.write(file, list.readAllBytes());
                return file;
            }
        });
    }

    /** Writes a file that only its owner can read. */
    public static Path write(Path folder, String name, String text) {
        try {
            Path file = folder.resolve(name);
            Files.writeString(file, text);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Build<T> {
        T build() throws Exception;
    }

    private static <T> T built(Build<T> build) {
        try {
            return build.build();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
