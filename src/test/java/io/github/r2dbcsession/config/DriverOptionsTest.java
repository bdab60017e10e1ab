package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.postgresql.MultiHostConnectionStrategy.TargetServerType;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.postgresql.client.SSLNegotiation;
import io.r2dbc.postgresql.util.LogLevel;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.Map;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DriverOptionsTest {

    @Test
    void handsOverTypedValues() {
        ConnectionFactoryOptions options =
                options("postgresql://u:p[@h:5433/d?sslmode=require&connect_timeout=3&application_name=a"
                        + "&options=-c%20work_mem%3D4MB&r2dbc.fetchSize=7&r2dbc.statementTimeout=PT2S&r2dbc.lockWaitTimeout=PT1S"
                        + "&r2dbc.timeZone=Europe/Berlin&r2dbc.forceBinary=true&r2dbc.tcpNoDelay=true&r2dbc.noticeLogLevel=WARN"
                        + "&r2dbc.currentSchema=s&r2dbc.errorResponseLogLevel=ERROR");

        assertThat(value(options, "driver")).isEqualTo("postgresql");
        assertThat(value(options, "host")).isEqualTo("h");
        assertThat(value(options, "port")).isEqualTo(5433);
        assertThat(value(options, "user")).isEqualTo("u");
        assertThat(value(options, "password")).isEqualTo("p[");
        assertThat(value(options, "database")).isEqualTo("d");
        assertThat(value(options, "sslMode")).isEqualTo(SSLMode.REQUIRE);
        assertThat(value(options, "connectTimeout")).isEqualTo(Duration.ofSeconds(3));
        assertThat(value(options, "applicationName")).isEqualTo("a");
        assertThat(value(options, "options")).isEqualTo(Map.of("work_mem", "4MB"));
        assertThat(value(options, "fetchSize")).isEqualTo(7);
        assertThat(value(options, "statementTimeout")).isEqualTo(Duration.ofSeconds(2));
        assertThat(value(options, "lockWaitTimeout")).isEqualTo(Duration.ofSeconds(1));
        assertThat(value(options, "timeZone")).isEqualTo(TimeZone.getTimeZone("Europe/Berlin"));
        assertThat(value(options, "forceBinary")).isEqualTo(true);
        assertThat(value(options, "tcpNoDelay")).isEqualTo(true);
        assertThat(value(options, "noticeLogLevel")).isEqualTo(LogLevel.WARN);
        assertThat(value(options, "errorResponseLogLevel")).isEqualTo(LogLevel.ERROR);
        assertThat(value(options, "currentSchema")).isEqualTo("s");
        assertThat(new PostgresqlConnectionFactoryProvider().create(options)).isNotNull();
    }

    @Test
    void bringsLibpqsDefaults() {
        ConnectionFactoryOptions options = options("host=h user=u");

        assertThat(value(options, "sslMode")).isEqualTo(SSLMode.PREFER);
        assertThat(value(options, "tcpKeepAlive")).isEqualTo(true);
        assertThat(value(options, "preparedStatementCacheQueries")).isEqualTo(256);
        assertThat(options.hasOption(Option.valueOf("connectTimeout"))).isFalse();
        assertThat(value(options("host=h user=u keepalives=0"), "tcpKeepAlive")).isEqualTo(false);
        assertThat(value(options("jdbc:postgresql://u@h/?prepareThreshold=0"), "preparedStatementCacheQueries"))
                .isEqualTo(0);
    }

    @Test
    void verifiesTheChainForRequireWithARootCertificate() {
        ConnectionFactoryOptions options = options(
                "host=h user=u sslmode=require sslrootcert=ca.pem sslcert=c.pem sslkey=k.pem sslpassword=x sslsni=0 sslnegotiation=direct");

        assertThat(value(options, "sslMode")).isEqualTo(SSLMode.VERIFY_CA);
        assertThat(value(options, "sslRootCert")).isEqualTo("ca.pem");
        assertThat(value(options, "sslCert")).isEqualTo("c.pem");
        assertThat(value(options, "sslKey")).isEqualTo("k.pem");
        assertThat(value(options, "sslPassword")).isEqualTo("x");
        assertThat(value(options, "sslSni")).isEqualTo(false);
        assertThat(value(options, "sslNegotiation")).isEqualTo(SSLNegotiation.DIRECT);
    }

    @Test
    void sendsNoClientCertificateWhereItMustNot() {
        ConnectionFactoryOptions options = options("host=h user=u sslcert=c.pem sslkey=k.pem sslcertmode=disable");

        assertThat(options.hasOption(Option.valueOf("sslCert"))).isFalse();
        assertThat(options.hasOption(Option.valueOf("sslKey"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sslrootcert=ca sslmode=verify-ca sslcrl=x",
                "sslrootcert=ca sslmode=verify-ca sslcrldir=x",
                "ssl_min_protocol_version=TLSv1.3",
                "ssl_max_protocol_version=TLSv1.2",
                "sslcertmode=require",
                "channel_binding=require",
                "channel_binding=disable",
                "require_auth=scram-sha-256"
            })
    void refusesForTheDriverAloneWhatOnlyTheLibraryHonours(String demand) {
        ConnectionString string = ConnectionString.parse("host=h user=u " + demand);

        assertThatThrownBy(string::toConnectionFactoryOptions)
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageContaining("the driver alone cannot honour it");
        assertThat(value(string.toConnectionFactoryOptions(HostAndPort.of("h"), Credentials.of("u")), "sslMode"))
                .isEqualTo(SSLMode.DISABLE);
    }

    @Test
    void aRevocationListNeedsACertificateThatIsVerified() {
        ConnectionString string = ConnectionString.parse("host=h user=u sslmode=require sslcrl=x");

        assertThatThrownBy(() -> string.toConnectionFactoryOptions(HostAndPort.of("h"), Credentials.of("u")))
                .hasMessageStartingWith("sslcrl: ")
                .hasMessageContaining("state sslrootcert too");
    }

    @Test
    void letsFailoverChooseAmongHostsAndRoles() {
        ConnectionFactoryOptions several =
                options("postgresql://u@a:1,b/d?load_balance_hosts=random&target_session_attrs=read-write");

        assertThat(value(several, "protocol")).isEqualTo("failover");
        assertThat(value(several, "host")).isEqualTo("a:1,b:5432");
        assertThat(several.hasOption(ConnectionFactoryOptions.PORT)).isFalse();
        assertThat(value(several, "targetServerType")).isEqualTo(TargetServerType.PRIMARY);
        assertThat(value(several, "loadBalanceHosts")).isEqualTo(true);
        assertThat(new PostgresqlConnectionFactoryProvider().create(several)).isNotNull();

        assertThat(value(options("host=a user=u target_session_attrs=standby"), "targetServerType"))
                .isEqualTo(TargetServerType.SECONDARY);
        assertThat(value(options("host=a user=u target_session_attrs=prefer-standby"), "targetServerType"))
                .isEqualTo(TargetServerType.PREFER_SECONDARY);
        assertThat(value(options("host=a,b user=u"), "targetServerType")).isEqualTo(TargetServerType.ANY);
        assertThat(options("host=a user=u").hasOption(ConnectionFactoryOptions.PROTOCOL))
                .isFalse();
    }

    @Test
    void connectsToASocketWithoutTls() {
        ConnectionFactoryOptions options = options("host=/var/run user=u port=5433 sslmode=require");

        assertThat(value(options, "socket")).isEqualTo("/var/run/.s.PGSQL.5433");
        assertThat(options.hasOption(Option.valueOf("sslMode"))).isFalse();
        assertThat(options.hasOption(ConnectionFactoryOptions.HOST)).isFalse();
    }

    @Test
    void refusesWhatOnlyConnectingWouldShow() {
        assertThatThrownBy(() -> options("host=h")).hasMessageStartingWith("user: must be stated");
        assertThatThrownBy(() -> options("host=h user=u sslmode=verify-ca")).hasMessageStartingWith("sslrootcert: ");
        assertThatThrownBy(() -> options("host=h user=u sslcert=c.pem sslkey=client.pk8"))
                .hasMessageStartingWith("sslkey: ");
    }

    @Test
    void refusesWhatTheDriverByItselfCannotServe() {
        for (String hosts : new String[] {"host=::1,h", "host=/var/run,h", "host=::1 target_session_attrs=primary"}) {
            assertThatThrownBy(() -> options(hosts + " user=u")).hasMessageStartingWith("host: the driver by itself");
        }
        assertThatThrownBy(() -> options("host=h hostaddr=::1 user=u"))
                .hasMessageStartingWith("hostaddr: the driver by itself");
    }

    @Test
    void connectsToTheOneHostAndAsTheUserThatAreGiven() {
        ConnectionFactoryOptions options = ConnectionString.parse(
                        "postgresql://app:canary@a,b/d?target_session_attrs=primary")
                .toConnectionFactoryOptions(new HostAndPort("10.0.0.1", 1), Credentials.of("other"));

        assertThat(value(options, "host")).isEqualTo("10.0.0.1");
        assertThat(value(options, "port")).isEqualTo(1);
        assertThat(value(options, "user")).isEqualTo("other");
        assertThat(options.hasOption(ConnectionFactoryOptions.PASSWORD)).isFalse();
        assertThat(options.hasOption(ConnectionFactoryOptions.PROTOCOL)).isFalse();
    }

    private static ConnectionFactoryOptions options(String string) {
        return ConnectionString.parse(string).toConnectionFactoryOptions();
    }

    private static Object value(ConnectionFactoryOptions options, String name) {
        return options.getRequiredValue(Option.valueOf(name));
    }
}
