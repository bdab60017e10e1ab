package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ValuesTest {

    @Test
    void aSecretDoesNotPrint() {
        Secret secret = Secret.of("canary");

        assertThat(secret).hasToString("***").isEqualTo(Secret.of("canary")).hasSameHashCodeAs(Secret.of("canary"));
        assertThat(secret).isNotEqualTo(Secret.of("other")).isNotEqualTo("canary");
        assertThat(secret.reveal()).isEqualTo("canary");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Secret.of("cana\0ry"))
                .withMessage("a secret must not have a NUL character");
    }

    @Test
    void credentialsShowNoPasswordAndCompareByLogin() {
        Credentials credentials = Credentials.of("app", "canary");

        assertThat(credentials).hasToString("app:***").isEqualTo(credentials.validFor(Duration.ofMinutes(1)));
        assertThat(credentials).hasSameHashCodeAs(Credentials.of("app", "canary"));
        assertThat(credentials).isNotEqualTo(Credentials.of("app", "other")).isNotEqualTo(Credentials.of("app"));
        assertThat(credentials.lifetime()).isEmpty();
        assertThat(credentials.validFor(Duration.ofMinutes(1)).lifetime()).contains(Duration.ofMinutes(1));
        assertThat(Credentials.of("app")).hasToString("app");
        assertThat(Credentials.of("app").password()).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> Credentials.of(""));
        assertThatIllegalArgumentException().isThrownBy(() -> Credentials.of("a\0b"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> credentials.validFor(Duration.ZERO))
                .withMessage("lifetime must be more than 0, was PT0S");
    }

    @Test
    void sslModesAreReadAsMeant() {
        assertThat(SslMode.parse("Verify_Full")).isEqualTo(SslMode.VERIFY_FULL);
        assertThat(SslMode.parse("require")).isEqualTo(SslMode.REQUIRE).hasToString("require");
        assertThat(SslMode.REQUIRE.meaning()).isEqualTo("TLS required, certificate not verified");
        assertThat(SslMode.REQUIRE.requiresTls()).isTrue();
        assertThat(SslMode.PREFER.requiresTls()).isFalse();
        assertThat(SslMode.REQUIRE.verifies()).isFalse();
        assertThat(SslMode.VERIFY_CA.verifies()).isTrue();
        assertThatThrownBy(() -> SslMode.parse("canary"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessage("sslmode: must be one of disable, allow, prefer, require, verify-ca, verify-full");
    }

    @Test
    void aHostIsANameAnAddressOrASocketDirectory() {
        assertThat(HostAndPort.of("h")).hasToString("h:5432");
        assertThat(new HostAndPort("fe80::1%eth0", 1))
                .hasToString("[fe80::1%eth0]:1")
                .matches(HostAndPort::isIpv6);
        assertThat(new HostAndPort("/var/run", 1))
                .hasToString("/var/run/.s.PGSQL.1")
                .matches(HostAndPort::isSocket);
        assertThat(HostAndPort.of("/tmp/").socketFile()).isEqualTo("/tmp/.s.PGSQL.5432");
        assertThatIllegalStateException().isThrownBy(() -> HostAndPort.of("h").socketFile());
        for (String host : new String[] {"", "a@b", "a b", "a/b", "a?b", "a#b", "[::1]", "a:b", "x:y:z"}) {
            assertThatThrownBy(() -> HostAndPort.of(host)).as(host).hasMessageStartingWith("host: ");
        }
        for (int port : new int[] {0, -1, 65_536}) {
            assertThatThrownBy(() -> new HostAndPort("h", port)).hasMessageStartingWith("port: ");
        }
    }
}
