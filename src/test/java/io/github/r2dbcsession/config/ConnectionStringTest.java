package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectionStringTest {

    private static final String ORIGIN =
            "postgresql+psycopg2://ledger-admin:y5268[695t-13htgq244t5thj[8q9grq@db:5433/ledger?sslmode=require";

    /** Lines of {@code string => hosts | user | password | database | options}, or {@code string => ! part}, with {@code -} for not stated. */
    static Stream<String> readings() throws java.io.IOException {
        try (var file = ConnectionStringTest.class.getResourceAsStream("readings.txt")) {
            assertThat(file).isNotNull();
            return new String(file.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .lines().filter(line -> !line.isBlank() && !line.startsWith("# ")).toList().stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("readings")
    void readsAsTheTableSays(String line) {
        String[] sides = line.split(" => ", 2);
        String expected = sides[1].strip();
        if (expected.startsWith("! ")) {
            assertThatThrownBy(() -> ConnectionString.parse(sides[0]))
                    .isInstanceOfSatisfying(
                            InvalidConnectionStringException.class,
                            refused -> assertThat(refused.part()).isEqualTo(expected.substring(2)));
        } else {
            assertThat(told(ConnectionString.parse(sides[0]))).isEqualTo(expected);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("readings")
    void writesAUriThatReadsBackEqual(String line) {
        String[] sides = line.split(" => ", 2);
        if (sides[1].strip().startsWith("! ")) {
            return;
        }
        ConnectionString string = ConnectionString.parse(sides[0]);

        ConnectionString again = ConnectionString.parse(string.toUri());

        assertThat(again).isEqualTo(string).hasSameHashCodeAs(string);
        assertThat(again.toUri()).isEqualTo(string.toUri());
    }

    private static String told(ConnectionString string) {
        String hosts = string.hosts().stream().map(HostAndPort::toString).collect(Collectors.joining(","));
        return String.join(
                " | ",
                string.hostStated() ? hosts : "-" + hosts,
                string.user().orElse("-"),
                string.password().map(Secret::reveal).orElse("-"),
                string.database().orElse("-"),
                string.options().isEmpty() ? "-" : string.options().toString());
    }

    @Test
    void understandsTheOriginsString() {
        ConnectionString string = ConnectionString.parse(ORIGIN);

        assertThat(string.family()).isEqualTo(Family.SQLALCHEMY);
        assertThat(string.hosts()).containsExactly(new HostAndPort("db", 5433));
        assertThat(string.user()).contains("ledger-admin");
        assertThat(string.password()).contains(Secret.of("y5268[695t-13htgq244t5thj[8q9grq"));
        assertThat(string.database()).contains("ledger");
        assertThat(string.sslMode()).isEqualTo(SslMode.REQUIRE);
        assertThat(string.warnings()).isEmpty();
        assertThat(string).hasToString("postgresql://ledger-admin:***@db:5433/ledger?sslmode=require");
        assertThat(string.source()).isEqualTo("postgresql+psycopg2://ledger-admin:***@db:5433/ledger?sslmode=require");
    }

    @Test
    void masksEverySecretOfTheSource() {
        assertThat(ConnectionString.parse("host=h password = 'a b' sslpassword=a password=a")
                        .source())
                .isEqualTo("host=h password=*** sslpassword=*** password=***");
        assertThat(ConnectionString.parse("jdbc:postgresql://h/d?password=p&sslpassword=pq&user=p")
                        .source())
                .isEqualTo("jdbc:postgresql://h/d?password=***&sslpassword=***&user=p");
        assertThat(ConnectionString.parse("r2dbc:postgresql://u:p%40@h/d?sslPassword=x")
                        .source())
                .isEqualTo("r2dbc:postgresql://u:***@h/d?sslPassword=***");
    }

    @Test
    void printsNoSecret() {
        ConnectionString string = ConnectionString.parse("postgresql://u:canary-1@h/d?sslpassword=canary-2");

        assertThat(string.toString()).doesNotContain("canary").isEqualTo("postgresql://u:***@h:5432/d?sslpassword=***");
        assertThat(string.options()).isEmpty();
        assertThat(string.sslPassword()).contains(Secret.of("canary-2"));
    }

    @Test
    void asksForPreferWhereNothingIsStated() {
        for (String string : List.of(
                "postgresql://h/d",
                "host=h",
                "jdbc:postgresql://h/d",
                "postgresql+asyncpg://h/d",
                "r2dbc:postgresql://h/d")) {
            assertThat(ConnectionString.parse(string).sslMode()).as(string).isEqualTo(SslMode.PREFER);
        }
    }

    @Test
    void verifiesTheChainWhereRequireMeetsARootCertificate() {
        assertThat(ConnectionString.parse("postgresql://h/d?sslmode=require&sslrootcert=ca.pem")
                        .sslMode())
                .isEqualTo(SslMode.VERIFY_CA);
    }

    @Test
    void countsTimesInTheUnitsOfTheirOwners() {
        assertThat(ConnectionString.parse("host=h connect_timeout=10").connectTimeout())
                .contains(Duration.ofSeconds(10));
        assertThat(ConnectionString.parse("host=h connect_timeout=0").connectTimeout())
                .isEmpty();
        assertThat(ConnectionString.parse("host=h connect_timeout=-1").connectTimeout())
                .isEmpty();
        assertThat(ConnectionString.parse("jdbc:postgresql://h/d?loginTimeout=7")
                        .connectTimeout())
                .contains(Duration.ofSeconds(7));
        assertThat(ConnectionString.parse("postgresql+asyncpg://h/d?timeout=2.5")
                        .connectTimeout())
                .contains(Duration.ofMillis(2500));
        assertThat(ConnectionString.parse("r2dbc:postgresql://h/d?connectTimeout=500")
                        .connectTimeout())
                .contains(Duration.ofMillis(500));
        assertThat(ConnectionString.parse("r2dbc:postgresql://h/d?connectTimeout=PT3S")
                        .connectTimeout())
                .contains(Duration.ofSeconds(3));
    }

    @Test
    void fallsBackToTheFallbackApplicationName() {
        assertThat(ConnectionString.parse("host=h fallback_application_name=b").applicationName())
                .contains("b");
        assertThat(ConnectionString.parse("host=h fallback_application_name=b application_name=a")
                        .applicationName())
                .contains("a");
    }

    @Test
    void warnsOfWhatItDrops() {
        assertThat(ConnectionString.parse("postgresql://h/d?krbsrvname=x").warnings())
                .singleElement()
                .asString()
                .startsWith("krbsrvname: dropped");
        assertThat(ConnectionString.parse("postgresql://h/d?sslcompression=0").warnings())
                .isEmpty();
        assertThat(ConnectionString.parse("jdbc:postgresql://h/d?prepareThreshold=3&loginTimeout=3&connectTimeout=4")
                        .warnings())
                .hasSize(2);
        assertThat(ConnectionString.parse("postgresql:///d").warnings())
                .singleElement()
                .asString()
                .startsWith("host: ");
        assertThat(ConnectionString.parse("postgresql+psycopg2://h/d?sslmode=").warnings())
                .singleElement()
                .asString()
                .startsWith("parameter: ");
        assertThat(ConnectionString.parse("postgresql://h/d?sslrootcert=ca").warnings())
                .singleElement()
                .asString()
                .startsWith("sslrootcert: ");
        assertThat(ConnectionString.parse("postgresql://h/d?sslmode=verify-full")
                        .warnings())
                .singleElement()
                .asString()
                .startsWith("sslrootcert: ");
    }

    @Test
    void namesTheNearestKnownNameButNotTheUnknownOne() {
        assertThatThrownBy(() -> ConnectionString.parse("postgresql://h/d?sslmdoe=require"))
                .hasMessage("parameter 1: its name is unknown; the nearest known name is sslmode");
        assertThatThrownBy(() -> ConnectionString.parse("jdbc:postgresql://h/d?user=a&sslMode=require"))
                .hasMessage("parameter 2: its name is unknown; the nearest known name is sslmode");
    }

    @Test
    void listsTheSixModesForAnUnknownWord() {
        assertThatThrownBy(() -> ConnectionString.parse("postgresql://h/d?sslmode=on"))
                .hasMessage("sslmode: must be one of disable, allow, prefer, require, verify-ca, verify-full");
    }

    @Test
    void refusesAPoolInsideAPool() {
        assertThatThrownBy(() -> ConnectionString.parse("r2dbc:pool:postgresql://h/d"))
                .hasMessageContaining("PoolSettings");
        assertThatThrownBy(() -> ConnectionString.parse("r2dbc:postgresql://h/d?maxSize=5"))
                .hasMessageContaining("PoolSettings")
                .hasMessageStartingWith("maxSize: ");
    }

    @Test
    void refusesNulAndHalfCharactersAndEndlessStrings() {
        assertThatThrownBy(() -> ConnectionString.parse("postgresql://h/d\0")).hasMessageContaining("NUL");
        assertThatThrownBy(() -> ConnectionString.parse("postgresql://h/\ud800"))
                .hasMessageContaining("Unicode");
        assertThatThrownBy(() -> ConnectionString.parse("postgresql://h/" + "d".repeat(20_000)))
                .hasMessageContaining("longer");
    }

    @Test
    void buildsFromFields() {
        ConnectionString string = ConnectionString.builder()
                .hosts(List.of(new HostAndPort("a", 1), new HostAndPort("b", 2)))
                .user("u@x")
                .password("p[:")
                .database("d/e")
                .sslMode(SslMode.REQUIRE)
                .option("application_name", "app")
                .build();

        assertThat(string.family()).isEqualTo(Family.FIELDS);
        assertThat(string.source()).isEmpty();
        assertThat(string.toUri())
                .isEqualTo("postgresql://u%40x:p%5B%3A@a:1,b:2/d%2Fe?application_name=app&sslmode=require");
        assertThat(ConnectionString.parse(string.toUri())).isEqualTo(string);
        assertThat(ConnectionString.builder().host("::1").port(7).build().hosts())
                .containsExactly(new HostAndPort("::1", 7));
        assertThat(ConnectionString.builder().build().hosts()).containsExactly(HostAndPort.of("localhost"));
    }

    @Test
    void refusesBadFields() {
        assertThatThrownBy(() -> ConnectionString.builder().port(0))
                .isInstanceOf(InvalidConnectionStringException.class);
        assertThatThrownBy(() -> ConnectionString.builder().host("a@b"))
                .isInstanceOf(InvalidConnectionStringException.class);
        assertThatThrownBy(() -> ConnectionString.builder().option("nope", "x").build())
                .hasMessageContaining("nearest");
        assertThatThrownBy(() -> ConnectionString.builder().user("a\0").build()).hasMessageContaining("NUL");
    }

    @Test
    void isEqualWhereItConnectsAlike() {
        ConnectionString libpq = ConnectionString.parse("postgresql://u:p@h/d?sslmode=require");

        assertThat(ConnectionString.parse("jdbc:postgresql://h:5432/d?user=u&password=p&sslmode=REQUIRE"))
                .isEqualTo(libpq);
        assertThat(ConnectionString.parse("postgresql://u:q@h/d?sslmode=require"))
                .isNotEqualTo(libpq);
        assertThat(ConnectionString.parse("postgresql://u:p@h/d")).isNotEqualTo(libpq);
    }
}
