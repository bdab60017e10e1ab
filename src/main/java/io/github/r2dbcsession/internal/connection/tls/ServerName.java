package io.github.r2dbcsession.internal.connection.tls;

import io.netty.util.NetUtil;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.naming.InvalidNameException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * The name that was asked for, compared with those of a certificate as libpq does it: alternative names first, the common name only
 * where no alternative name is of the same kind, and never a name that a look-up of the address gave.
 */
final class ServerName {

    private static final int DNS = 2;
    private static final int ADDRESS = 7;

    private final String host;
    private final byte @Nullable [] address;

    ServerName(String host) {
        this.host = host.toLowerCase(Locale.ROOT);
        this.address = NetUtil.createByteArrayFromIpAddressString(host);
    }

    /** Whether it is an address, which TLS does not announce. */
    boolean isAddress() {
        return address != null;
    }

    /**
     * Compares.
     *
     * @throws CertificateException when the certificate is for another host; the message lists its names
     */
    void check(X509Certificate certificate) throws CertificateException {
        check(certificate.getSubjectAlternativeNames(), commonName(certificate));
    }

    /** Compares with names in the form that {@link X509Certificate#getSubjectAlternativeNames()} has. */
    void check(@Nullable Collection<List<?>> alternatives, @Nullable String commonName) throws CertificateException {
        List<String> names = new ArrayList<>();
        boolean sameKind = false;
        boolean matches = false;
        for (List<?> alternative : alternatives == null ? List.<List<?>>of() : alternatives) {
            int kind = (Integer) alternative.get(0);
            if (kind == DNS || kind == ADDRESS) {
                String name = (String) alternative.get(1);
                names.add(name);
                sameKind |= kind == (isAddress() ? ADDRESS : DNS);
                matches |= kind == DNS ? matchesName(name) : matchesAddress(name);
            }
        }
        if (!sameKind && commonName != null) {
            names.add(commonName);
            matches |= matchesName(commonName);
        }
        if (names.stream().anyMatch(name -> name.indexOf('\0') >= 0)) {
            throw new CertificateException("a name in its certificate has a NUL character");
        }
        if (!matches) {
            throw new CertificateException("its certificate is for " + (names.isEmpty() ? "no host" : join(names))
                    + ", not for " + host + ": connect by a name that it bears, or have the name added to it");
        }
    }

    private static String join(List<String> names) {
        return String.join(", ", names.subList(0, Math.min(names.size(), 5))) + (names.size() > 5 ? ", ..." : "");
    }

    private boolean matchesAddress(String name) {
        return address != null && Arrays.equals(address, NetUtil.createByteArrayFromIpAddressString(name));
    }

    /** A star stands for one whole label, the first, of a name that has at least one more. */
    private boolean matchesName(String anyCase) {
        String name = anyCase.toLowerCase(Locale.ROOT);
        if (!name.startsWith("*.")) {
            return name.equals(host);
        }
        int dot = host.indexOf('.');
        return !isAddress()
                && name.length() >= 3
                && dot >= 1
                && host.substring(dot).equals(name.substring(1));
    }

    private static @Nullable String commonName(X509Certificate certificate) {
        try {
            for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                Attribute name = rdn.toAttributes().get("CN");
                if (name != null) {
                    return String.valueOf(name.get());
                }
            }
        } catch (InvalidNameException unreadable) {
            return null;
        } catch (javax.naming.NamingException unreadable) {
            return null;
        }
        return null;
    }
}
