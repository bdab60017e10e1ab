package io.github.r2dbcsession.internal.connection.tls;

import io.github.r2dbcsession.config.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Reads private keys as OpenSSL writes them: PKCS#8, PKCS#1 and SEC1, in PEM or DER, encrypted or not. */
final class PrivateKeys {

    private static final Pattern PEM = Pattern.compile(
            "-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----\\s+(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final Pattern DEK = Pattern.compile("DEK-Info: *([A-Z0-9-]+) *, *([0-9A-Fa-f]+)");
    private static final Pattern HEADERS = Pattern.compile("^(?:[A-Za-z-]+:.*\\R)+\\s*");

    private static final byte[] RSA = Der.write(
            Der.SEQUENCE,
            Der.write(Der.OID, HexFormat.of().parseHex("2a864886f70d010101")),
            HexFormat.of().parseHex("0500"));
    private static final byte[] EC_KEY = Der.write(Der.OID, HexFormat.of().parseHex("2a8648ce3d0201"));
    private static final byte[] VERSION = Der.write(Der.INTEGER, new byte[1]);
    private static final int EC_CURVE = 0xa0;
    private static final int SALT = 8;

    private PrivateKeys() {}

    /**
     * Reads the first private key of a file.
     *
     * @throws GeneralSecurityException when there is none that can be read; the message says why
     */
    static PrivateKey read(byte[] file, @Nullable Secret password) throws GeneralSecurityException {
        try {
            Matcher pem = PEM.matcher(new String(file, StandardCharsets.ISO_8859_1));
            byte[] der = pem.find() ? pem(pem.group(2), password) : file;
            return of(pkcs8(der, password));
        } catch (IllegalArgumentException unreadable) {
            throw new GeneralSecurityException("it holds no private key in PEM or DER", unreadable);
        }
    }

    private static byte[] pem(String block, @Nullable Secret password) throws GeneralSecurityException {
        byte[] body = Base64.getMimeDecoder().decode(HEADERS.matcher(block).replaceFirst(""));
        if (!block.contains("ENCRYPTED")) {
            return body;
        }
        Matcher dek = DEK.matcher(block);
        if (!dek.find()) {
            throw new GeneralSecurityException("it is encrypted, but does not say how");
        }
        return decryptTraditional(body, dek.group(1), HexFormat.of().parseHex(dek.group(2)), required(password));
    }

    /** OpenSSL's encryption from before PKCS#8: the key is the MD5 of the password and the first bytes of the initial vector. */
    private static byte[] decryptTraditional(byte[] body, String name, byte[] vector, Secret password)
            throws GeneralSecurityException {
        String algorithm = name.startsWith("AES-") ? "AES" : name.startsWith("DES-EDE3") ? "DESede" : "DES";
        int size = switch (algorithm) {
            case "AES" -> Integer.parseInt(name.substring(4, 7)) / 8;
            case "DESede" -> 24;
            default -> 8;
        };
        if (!name.endsWith("-CBC") || vector.length < SALT) {
            throw new GeneralSecurityException("its encryption " + name + " is unknown; write it as PKCS#8");
        }
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        byte[] key = new byte[0];
        byte[] digest = new byte[0];
        while (key.length < size) {
            md5.update(digest);
            md5.update(password.reveal().getBytes(StandardCharsets.UTF_8));
            md5.update(vector, 0, SALT);
            digest = md5.digest();
            int before = key.length;
            key = Arrays.copyOf(key, before + digest.length);
            System.arraycopy(digest, 0, key, before, digest.length);
        }
        try {
            Cipher cipher = Cipher.getInstance(algorithm + "/CBC/PKCS5Padding");
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    new SecretKeySpec(Arrays.copyOf(key, size), algorithm),
                    new IvParameterSpec(vector));
            return cipher.doFinal(body);
        } catch (GeneralSecurityException wrong) {
            throw undecipherable(wrong);
        }
    }

    private static byte[] pkcs8(byte[] der, @Nullable Secret password) throws GeneralSecurityException {
        Der key = Der.read(der).get(0);
        List<Der> parts = Der.read(key.content());
        if (key.tag() != Der.SEQUENCE || parts.size() < 2) {
            throw new IllegalArgumentException("not a private key");
        }
        int first = parts.get(0).tag();
        int second = parts.get(1).tag();
        if (first == Der.SEQUENCE && second == Der.OCTET_STRING) {
            return decryptPkcs8(key.encoded(), required(password));
        }
        if (first == Der.INTEGER && second == Der.INTEGER) {
            return wrap(RSA, key);
        }
        if (first == Der.INTEGER && second == Der.OCTET_STRING) {
            Der curve = parts.stream()
                    .filter(part -> part.tag() == EC_CURVE)
                    .findFirst()
                    .orElseThrow(() -> new GeneralSecurityException("it does not name its curve; write it as PKCS#8"));
            return wrap(Der.write(Der.SEQUENCE, EC_KEY, curve.content()), key);
        }
        return key.encoded();
    }

    private static byte[] wrap(byte[] algorithm, Der key) {
        return Der.write(Der.SEQUENCE, VERSION, algorithm, Der.write(Der.OCTET_STRING, key.encoded()));
    }

    private static byte[] decryptPkcs8(byte[] der, Secret password) throws GeneralSecurityException {
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
            String name = info.getAlgName().equals("PBES2") || info.getAlgName().equals("1.2.840.113549.1.5.13")
                    ? info.getAlgParameters().toString()
                    : info.getAlgName();
            Cipher cipher = Cipher.getInstance(name);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(name)
                            .generateSecret(new PBEKeySpec(password.reveal().toCharArray())),
                    info.getAlgParameters());
            return info.getKeySpec(cipher).getEncoded();
        } catch (java.io.IOException | GeneralSecurityException wrong) {
            throw undecipherable(wrong);
        }
    }

    private static GeneralSecurityException undecipherable(Exception cause) {
        return new GeneralSecurityException("it cannot be decrypted with sslpassword", cause);
    }

    private static Secret required(@Nullable Secret password) throws GeneralSecurityException {
        if (password == null) {
            throw new GeneralSecurityException("it is encrypted; state sslpassword");
        }
        return password;
    }

    private static PrivateKey of(byte[] pkcs8) throws GeneralSecurityException {
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS", "DSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException another) {
                // It is a key of another algorithm.
            }
        }
        throw new GeneralSecurityException("it holds no private key of a known algorithm");
    }
}
