package io.github.r2dbcsession.internal.connection.tls;

import io.github.r2dbcsession.config.Secret;
import io.github.r2dbcsession.connection.TlsFailedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificate that we show to a server that asks for one, whatever authorities the server names, as libpq does. Notes whether it
 * was asked for and shown. Thread-safe.
 */
public final class ClientCertificate extends X509ExtendedKeyManager {

    private static final String ALIAS = "client";
    private static final int OTHERS = 0007;
    private static final int GROUP_NOT_READ = 0030;
    private static final int GROUP = 0070;

    private final @Nullable PrivateKey key;
    private final X509Certificate[] chain;
    private volatile boolean requested;
    private volatile boolean shown;

    private ClientCertificate(@Nullable PrivateKey key, X509Certificate... chain) {
        this.key = key;
        this.chain = chain;
    }

    /** No certificate, which still notes whether one was asked for. */
    public static ClientCertificate none() {
        return new ClientCertificate(null);
    }

    /**
     * Reads a certificate and its key. Blocks.
     *
     * @throws TlsFailedException when they cannot be used; the message says which and why
     */
    static ClientCertificate read(@Nullable String certificate, @Nullable String key, @Nullable Secret password) {
        if (key != null && key.toLowerCase(Locale.ROOT).matches(".*[.](p12|pfx)")) {
            return store(key, password);
        }
        if (certificate == null) {
            return none();
        }
        if (key == null) {
            throw new TlsFailedException("sslkey: must be stated, as sslcert is", null);
        }
        X509Certificate[] chain =
                RootCertificates.certificates("sslcert", certificate).toArray(X509Certificate[]::new);
        try {
            PrivateKey privateKey = PrivateKeys.read(keyFile(key), password);
            if (!belong(privateKey, chain[0])) {
                throw new TlsFailedException("sslkey: " + key + " is not the key of the certificate in sslcert", null);
            }
            return new ClientCertificate(privateKey, chain);
        } catch (GeneralSecurityException unreadable) {
            throw new TlsFailedException("sslkey: " + key + ": " + unreadable.getMessage(), unreadable);
        }
    }

    private static ClientCertificate store(String path, @Nullable Secret password) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            char[] characters =
                    password == null ? new char[0] : password.reveal().toCharArray();
            store.load(new ByteArrayInputStream(keyFile(path)), characters);
            for (String alias : Collections.list(store.aliases())) {
                if (store.getKey(alias, characters) instanceof PrivateKey key) {
                    return new ClientCertificate(
                            key,
                            Arrays.copyOf(
                                    store.getCertificateChain(alias),
                                    store.getCertificateChain(alias).length,
                                    X509Certificate[].class));
                }
            }
        } catch (IOException | GeneralSecurityException unreadable) {
            throw new TlsFailedException("sslkey: " + path + " cannot be read as PKCS#12 with sslpassword", unreadable);
        }
        throw new TlsFailedException("sslkey: " + path + " holds no private key", null);
    }

    /** Reads a key, but none that others could read too: libpq's rule. */
    private static byte[] keyFile(String path) {
        Path file = Path.of(path);
        if (file.getFileSystem().supportedFileAttributeViews().contains("unix") && Files.exists(file)) {
            try {
                int mode = (int) Files.getAttribute(file, "unix:mode");
                boolean root = (int) Files.getAttribute(file, "unix:uid") == 0;
                if ((mode & (OTHERS | (root ? GROUP_NOT_READ : GROUP))) != 0) {
                    throw new TlsFailedException(
                            "sslkey: group or others can read " + path + ": chmod 600 it (640 where root owns it)",
                            null);
                }
            } catch (IOException unreadable) {
                throw new TlsFailedException("sslkey: the permissions of " + path + " cannot be read", unreadable);
            }
        }
        return RootCertificates.bytes("sslkey", path);
    }

    private static boolean belong(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
            return false;
        }
        Signature signature = Signature.getInstance(
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    case "DSA" -> "SHA256withDSA";
                    default -> key.getAlgorithm();
                });
        signature.initSign(key);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        return signature.verify(signed);
    }

    /** Whether the server asked for a certificate. */
    public boolean requested() {
        return requested;
    }

    /** Whether the server asked for a certificate and was shown one. */
    public boolean shown() {
        return shown;
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        requested = true;
        if (key == null || !List.of(keyTypes).contains(key.getAlgorithm())) {
            return null;
        }
        shown = true;
        return ALIAS;
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        return key == null ? null : chain.clone();
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        return key;
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return key == null ? new String[0] : new String[] {ALIAS};
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return new String[0];
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return null;
    }
}
