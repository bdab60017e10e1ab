package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.internal.connection.tls.ClientCertificate;
import org.junit.jupiter.api.Test;

class AuthenticationTest {

    private static final String BOTH = "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";

    @Test
    void aBoundLoginPassesFromBeginningToEnd() {
        Authentication login = by("channel_binding=require require_auth=scram-sha-256");

        assertThat(login.asked(10, BOTH)).isNull();
        assertThat(login.begun("SCRAM-SHA-256-PLUS")).isNull();
        assertThat(login.asked(11, "r=x,s=eA==,i=100000")).isNull();
        assertThat(login.asked(12, "v=eA==")).isNull();
        assertThat(login.asked(0, "")).isNull();
    }

    @Test
    void aMechanismWithoutBindingEndsABoundLogin() {
        Authentication login = by("channel_binding=require");

        assertThat(login.asked(10, BOTH)).isNull();
        assertThat(login.begun("SCRAM-SHA-256")).contains("channel_binding=require cannot be kept");
    }

    @Test
    void withoutADemandEveryMethodPasses() {
        assertThat(by("").asked(0, "")).isNull();
        assertThat(by("").asked(3, "")).isNull();
        assertThat(by("").asked(5, "salt")).isNull();
        assertThat(by("").asked(10, BOTH)).isNull();
    }

    @Test
    void severalMethodsMayBeAllowed() {
        assertThat(by("require_auth=none,md5").asked(0, "")).isNull();
        assertThat(by("require_auth=none,md5").asked(5, "salt")).isNull();
        assertThat(by("require_auth=none,md5").asked(3, "")).contains("require_auth=none,md5 forbids");
        assertThat(by("require_auth=!password,!none").asked(10, BOTH)).isNull();
        assertThat(by("require_auth=!password,!none").asked(0, "")).contains("no password at all");
    }

    @Test
    void aPasswordThatWasAskedForSatisfiesTheDemand() {
        Authentication login = by("require_auth=md5");

        assertThat(login.asked(5, "salt")).isNull();
        assertThat(login.asked(0, "")).isNull();
    }

    @Test
    void aCertificateIsDemandedOnlyOnceItWasShown() {
        ClientCertificate asked = ClientCertificate.none();
        asked.chooseEngineClientAlias(new String[] {"EC"}, null, null);

        assertThat(by("sslcertmode=require", asked).asked(0, "")).contains("needs a certificate to show");
        assertThat(by("sslcertmode=require").asked(0, "")).contains("asked for no certificate");
    }

    private static Authentication by(String options) {
        return by(options, ClientCertificate.none());
    }

    private static Authentication by(String options, ClientCertificate client) {
        return new Authentication(AuthenticationPolicy.of(ConnectionString.parse("host=h " + options)), true, client);
    }
}
