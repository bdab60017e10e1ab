package io.github.r2dbcsession.internal.connection.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.config.Secret;
import io.github.r2dbcsession.connection.TlsFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates and keys that openssl wrote. */
class ClientCertificateTest {

    private static final Path KEYS = Path.of("src/test/resources/io/github/r2dbcsession/internal/connection/keys");
    private static final Secret PASSWORD = Secret.of("key-password");
    private static final String[] TYPES = {"RSA", "EC"};

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ec-with-parameters.pem",
                "ec-sec1.pem",
                "ec-sec1.der",
                "ec-sec1-aes256.pem",
                "ec-pkcs8.pem",
                "ec-pkcs8-encrypted.pem",
                "rsa-pkcs1.pem",
                "rsa-pkcs1.der",
                "rsa-pkcs1-aes128.pem",
                "rsa-pkcs1-des3.pem",
                "rsa-pkcs8.der",
                "rsa-pkcs8-encrypted.der",
                "rsa-pkcs8-pbes1.pem"
            })
    void keysAreReadInEveryFormThatOpensslWrites(String key) throws IOException {
        String certificate =
                KEYS.resolve(key.startsWith("ec") ? "ec.crt" : "rsa.crt").toString();

        ClientCertificate read = ClientCertificate.read(certificate, mine(key), PASSWORD);

        assertThat(read.chooseEngineClientAlias(TYPES, null, null)).isEqualTo("client");
        assertThat(read.shown()).isTrue();
        assertThat(read.getCertificateChain("client")).hasSize(1);
    }

    @Test
    void aKeyOfEdwardsCurveIsRead() throws Exception {
        PrivateKey key = PrivateKeys.read(Files.readAllBytes(KEYS.resolve("ed25519-pkcs8.pem")), null);

        assertThat(key.getAlgorithm()).isEqualTo("EdDSA");
    }

    @Test
    void keyAndCertificateMayComeInOnePkcs12File() throws IOException {
        String file = mine("rsa.p12");

        ClientCertificate read = ClientCertificate.read(null, file, PASSWORD);

        assertThat(read.getPrivateKey("client")).isNotNull();
        assertThat(read.getCertificateChain("client")).hasSize(1);
        refused(null, file, Secret.of("wrong"), "cannot be read as PKCS#12");
    }

    @ParameterizedTest
    @CsvSource({
        "ec-sec1-aes256.pem, wrong, cannot be decrypted with sslpassword",
        "ec-pkcs8-encrypted.pem, wrong, cannot be decrypted with sslpassword",
        "rsa-pkcs8-encrypted.der, , state sslpassword",
        "rsa-pkcs1-des3.pem, , state sslpassword",
        "rsa-pkcs1.pem, , is not the key of the certificate",
        "ec.crt, , holds no private key",
        "missing.pem, , is it there"
    })
    void aKeyThatCannotBeUsedIsNamedWithTheReason(String key, @Nullable String password, String reason)
            throws IOException {
        Secret secret = password == null ? null : Secret.of(password);
        String path = key.startsWith("missing") ? folder.resolve(key).toString() : mine(key);

        refused(KEYS.resolve("ec.crt").toString(), path, secret, reason);
    }

    @Test
    void anotherKeyOfTheSameAlgorithmIsNoKeyOfTheCertificate() throws IOException {
        Path another = folder.resolve("another.pem");
        Files.writeString(
                another,
                io.github.r2dbcsession.testing.Certificates.create().authority().getPrivateKeyPEM());
        Files.setPosixFilePermissions(another, PosixFilePermissions.fromString("rw-------"));

        refused(KEYS.resolve("ec.crt").toString(), another.toString(), null, "is not the key of the certificate");
    }

    @Test
    void aCertificateWithoutAKeyIsRefused() {
        refused(KEYS.resolve("ec.crt").toString(), null, null, "sslkey: must be stated");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw----r--", "rw-rw----", "rw-r--r--", "rw---x---"})
    void aKeyThatOthersCanReadIsRefused(String permissions) throws IOException {
        String key = mine("ec-sec1.pem");
        Files.setPosixFilePermissions(Path.of(key), PosixFilePermissions.fromString(permissions));

        refused(KEYS.resolve("ec.crt").toString(), key, null, "chmod 600");
    }

    @Test
    void aKeyThatItsGroupCanReadIsRefusedUnlessRootOwnsIt() throws IOException {
        String key = mine("ec-sec1.pem");
        Files.setPosixFilePermissions(Path.of(key), PosixFilePermissions.fromString("rw-r-----"));

        if (Files.getOwner(Path.of(key)).getName().equals("root")) {
            assertThat(ClientCertificate.read(KEYS.resolve("ec.crt").toString(), key, null)
                            .getPrivateKey("client"))
                    .isNotNull();
        } else {
            refused(KEYS.resolve("ec.crt").toString(), key, null, "chmod 600");
        }
    }

    @Test
    void withoutACertificateItIsStillNotedThatOneWasAskedFor() {
        ClientCertificate none = ClientCertificate.read(null, null, null);

        assertThat(none.requested()).isFalse();
        assertThat(none.chooseEngineClientAlias(TYPES, null, null)).isNull();
        assertThat(none.requested()).isTrue();
        assertThat(none.shown()).isFalse();
    }

    private static void refused(
            @Nullable String certificate, @Nullable String key, @Nullable Secret password, String reason) {
        assertThatThrownBy(() -> ClientCertificate.read(certificate, key, password))
                .isInstanceOf(TlsFailedException.class)
                .hasMessageContaining(reason)
                .message()
                .doesNotContain("wrong");
    }

    /** Copies a key to where only its owner can read it, which a checkout does not ensure. */
    private String mine(String key) throws IOException {
        Path copy = folder.resolve(key);
        Files.copy(KEYS.resolve(key), copy);
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
        return copy.toString();
    }
}
