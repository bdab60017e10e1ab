package io.github.r2dbcsession.internal.connection.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.testing.Certificates;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expectations are libpq's, whose comparison is described with {@code verify-full}. */
class ServerNameTest {

    private static final Certificates PKI = Certificates.create();

    @ParameterizedTest(name = "{0} by {1} and CN={2}: {3}")
    @CsvSource({
        // host, alternative names, common name, whether they match
        "db.example.com, DNS:db.example.com, x, true",
        "DB.example.COM, DNS:db.Example.com, x, true",
        "db.example.com, DNS:other.example.com DNS:db.example.com, x, true",
        "db.example.com, DNS:other.example.com, db.example.com, false",
        "db.example.com, '', db.example.com, true",
        "db.example.com, '', other.example.com, false",
        "db.example.com, DNS:*.example.com, x, true",
        "db.example.com, '', *.example.com, true",
        "example.com, DNS:*.example.com, x, false",
        "a.db.example.com, DNS:*.example.com, x, false",
        "db.example.com, DNS:d*.example.com, x, false",
        "db.example.com, DNS:*, x, false",
        "db, DNS:*.db, x, false",
        ".example.com, DNS:*.example.com, x, false",
        "127.0.0.1, IP:127.0.0.1, x, true",
        "127.0.0.1, IP:127.0.0.2, 127.0.0.1, false",
        "127.0.0.1, DNS:localhost, x, false",
        "127.0.0.1, DNS:127.0.0.1, x, true",
        "127.0.0.1, DNS:localhost, 127.0.0.1, true",
        "127.0.0.1, DNS:*.0.0.1, x, false",
        "localhost, IP:127.0.0.1, x, false",
        "localhost, IP:127.0.0.1, localhost, true",
        "::1, IP:::1, x, true",
        "0:0:0:0:0:0:0:1, IP:::1, x, true",
        "::2, IP:::1, x, false"
    })
    void comparesAsLibpqDoes(String host, String alternatives, String commonName, boolean matches) {
        List<List<?>> names = new ArrayList<>();
        for (String alternative : alternatives.isEmpty() ? List.<String>of() : List.of(alternatives.split(" ", -1))) {
            boolean address = alternative.startsWith("IP:");
            names.add(List.of(address ? 7 : 2, alternative.substring(address ? 3 : 4)));
        }

        assertThat(check(host, names, commonName)).isEqualTo(matches);
    }

    @Test
    void readsTheFirstCommonNameAndEveryAlternativeName() {
        X509Certificate common =
                PKI.issue(it -> it.subject("CN=db, O=db2, C=DE")).getCertificate();
        X509Certificate alternative = PKI.issue(
                        it -> it.subject("O=Nobody").addSanDnsName("one").addSanIpAddress("::1"))
                .getCertificate();

        assertThatCode(() -> new ServerName("db").check(common)).doesNotThrowAnyException();
        assertThatThrownBy(() -> new ServerName("db2").check(common)).hasMessageContaining("is for db, not for db2");
        assertThatCode(() -> new ServerName("::1").check(alternative)).doesNotThrowAnyException();
        assertThatThrownBy(() -> new ServerName("two").check(alternative)).hasMessageContaining("is for one, ");
    }

    @Test
    void aNameWithANulCharacterIsNone() {
        assertThatThrownBy(() ->
                        new ServerName("db").check(List.of(List.of(2, "db\0.evil.example"), List.of(2, "db")), null))
                .hasMessageContaining("NUL");
    }

    private static boolean check(String host, List<List<?>> alternatives, String commonName) {
        try {
            new ServerName(host).check(alternatives, commonName);
            return true;
        } catch (CertificateException refused) {
            assertThat(refused).hasMessageContaining(", not for ");
            return false;
        }
    }
}
