package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with libpq 18 in the same environment, and looks at what libpq reads only after TLS has begun. */
class LibpqEnvironmentTest {

    @TempDir
    private Path home;

    private final Map<String, String> variables = new HashMap<>();

    @BeforeEach
    void files() throws IOException {
        file(".pgpass", "rw-------", """
                # host:port:database:user:password
                127.0.0.1:1:d:u:of d
                127.0.0.1:*:e\\:f:u:of \\:\\\\e
                10.9.8.7:5432:*:*:of the address
                *:*:*:v:of v
                """);
        file(".pg_service.conf", "rw-r--r--", """
                # mine
                [other]
                user=o
                [shop]
                host=127.0.0.1
                port=1
                dbname=d
                user=u
                user=ignored
                sslmode=disable
                [shop2]
                application_name = x
                """);
        file("system/pg_service.conf", "rw-r--r--", "[far]\nhost=127.0.0.1\nport=1\nuser=v\n");
        file("more.conf", "rw-r--r--", "[more]\nhost=127.0.0.1\nport=1\npassfile=" + home + "/more.pass\nuser=w\n");
        file("more.pass", "rw-------", "*:*:*:w:of w\n");
        variables.put("HOME", home.toString());
    }

    /** The variables stand before the string, each followed by a blank. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "PGHOST=127.0.0.1 PGPORT=1 PGUSER=u PGDATABASE=d | postgresql://",
                "PGHOST=10.0.0.1 PGPORT=2 PGUSER=x PGPASSWORD=y PGDATABASE=z | postgresql://u:p@127.0.0.1:1/d",
                "PGPORT=1 PGUSER=u PGDATABASE=d | host=127.0.0.1",
                "PGPORT=1 PGUSER=u PGDATABASE=e:f | host=127.0.0.1",
                "PGPORT=1 PGUSER=u PGDATABASE=other | host=127.0.0.1",
                "PGPORT=1 PGUSER=v | host=127.0.0.1",
                "PGPORT=1 PGUSER=v | host=127.0.0.1 user=''",
                "PGUSER=v PGPASSWORD=stated | postgresql://127.0.0.1:1/d",
                "PGSSLMODE=disable PGAPPNAME=a PGCONNECT_TIMEOUT=3 PGOPTIONS=-ca=b | postgresql://u@127.0.0.1:1/d?application_name=mine",
                "PGREQUIRESSL=1 | postgresql://u@127.0.0.1:1/d",
                "PGREQUIRESSL=1 PGSSLMODE=allow | postgresql://u@127.0.0.1:1/d",
                "PGTARGETSESSIONATTRS=primary PGLOADBALANCEHOSTS=random PGSSLSNI=0 PGSSLCERTMODE=disable | postgresql://u@127.0.0.1:1/d",
                "PGSSLROOTCERT=/r PGSSLCERT=/c PGSSLKEY=/k PGCHANNELBINDING=disable | postgresql://u@127.0.0.1:1/d",
                "PGSERVICE=shop | postgresql://",
                "PGSERVICE=shop PGUSER=x PGSSLMODE=allow | postgresql://",
                "PGUSER=x | service=shop port=1 sslmode=allow",
                "PGSYSCONFDIR=~/system | postgresql:///d?service=far",
                "PGSERVICEFILE=~/more.conf | service=more dbname=d",
                "PGPASSFILE=~/more.pass | postgresql://w@127.0.0.1:1/d",
                "PGPASSFILE=~/none | postgresql://v@127.0.0.1:1/d?passfile=~/more.pass",
                "PGHOSTADDR=127.0.0.1 PGPORT=1 | user=u dbname=d",
            })
    void fillsAsLibpqDoes(String line) {
        String[] sides = line.replace("~", home.toString()).split(" \\| ", 2);
        for (String variable : sides[0].split(" ", -1)) {
            variables.put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
        }
        Map<String, String> theirs = Libpq.load().connect(sides[1], variables);

        theirs.remove("dbname", theirs.get("user")); // filled in when nothing is stated, here by the server

        assertThat(LibpqExpectation.told(read(sides[1]))).isEqualTo(LibpqExpectation.told(theirs));
    }

    @Test
    void everyVariableOfLibpqIsKnown() {
        Map<String, String> theirs = Libpq.load().variables();
        theirs.keySet().removeAll(LibpqDefaults.PLACES);
        theirs.remove("sslkeylogfile");

        assertThat(LibpqDefaults.VARIABLES).containsAllEntriesOf(theirs);
    }

    @Test
    void aPasswordFileThatOthersCanReadIsNotRead() throws IOException {
        Files.setPosixFilePermissions(home.resolve(".pgpass"), PosixFilePermissions.fromString("rw-r-----"));

        ConnectionString string = read("postgresql://v@127.0.0.1:1/d");

        assertThat(string.password()).isEmpty();
        assertThat(Libpq.load().connect("postgresql://v@127.0.0.1:1/d", variables))
                .doesNotContainKey("password");
        assertThat(string.warnings())
                .anySatisfy(
                        warning -> assertThat(warning).startsWith("passfile:").contains("0600"));
    }

    @Test
    void takesTheCertificatesOfTheHomeDirectoryWhereNoneAreStated() throws IOException {
        for (String name : new String[] {"postgresql.crt", "postgresql.key", "root.crt", "root.crl"}) {
            file(".postgresql/" + name, "rw-------", "x");
        }
        String folder = home.resolve(".postgresql") + "/";

        assertThat(read("postgresql://u@h/d?sslmode=require").options())
                .containsEntry("sslcert", folder + "postgresql.crt")
                .containsEntry("sslkey", folder + "postgresql.key")
                .containsEntry("sslrootcert", folder + "root.crt")
                .containsEntry("sslcrl", folder + "root.crl");
        assertThat(read("postgresql://u@h/d?sslmode=require").sslMode()).isEqualTo(SslMode.VERIFY_CA);
        assertThat(read("postgresql://u@h/d?sslcert=/c&sslkey=/k&sslrootcert=/r")
                        .options())
                .containsEntry("sslcert", "/c")
                .containsEntry("sslkey", "/k")
                .containsEntry("sslrootcert", "/r");
    }

    @Test
    void aVariableNeverWeakensWhatAJdbcUrlStates() {
        variables.putAll(Map.of("PGSSLMODE", "disable", "PGCONNECT_TIMEOUT", "9"));

        ConnectionString string = read("jdbc:postgresql://h/d?ssl=true&loginTimeout=3");

        assertThat(string.sslMode()).isEqualTo(SslMode.VERIFY_FULL);
        assertThat(string.options()).containsEntry("connect_timeout", "3");
    }

    @Test
    void refusesWhatItCannotFill() {
        assertThatThrownBy(() -> read("service=nowhere"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageStartingWith("service: ");
        assertThatThrownBy(() -> read("service=shop2"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageStartingWith("service: ");
        assertThatThrownBy(() -> read("service=shop servicefile=/none"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageStartingWith("servicefile: ");
        assertThatThrownBy(() -> read("host=127.0.0.1,10.9.8.7 port=1,5432 user=u dbname=d"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageStartingWith("passfile: ");
        variables.put("PGSSLMODE", "requird");
        assertThatThrownBy(() -> read("host=h"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageStartingWith("sslmode: ");
    }

    @Test
    void settingsOfTheSessionWinOverOptionsAsWithLibpq() {
        variables.put("PGTZ", "Europe/Berlin");
        variables.put("PGGEQO", "off");

        assertThat(read("host=h").options()).containsEntry("options", "-c TimeZone=Europe/Berlin -c geqo=off");
        assertThat(read("postgresql://h?options=-cTimeZone%3DUTC").options())
                .containsEntry("options", "-cTimeZone=UTC -c TimeZone=Europe/Berlin -c geqo=off");
        variables.put("PGTZ", "Default");
        variables.remove("PGGEQO");
        assertThat(read("host=h").options()).doesNotContainKey("options");
    }

    @Test
    void saysThatTheDateStyleIsNotRead() {
        variables.put("PGDATESTYLE", "German");

        assertThat(read("host=h").warnings())
                .anySatisfy(warning -> assertThat(warning).startsWith("PGDATESTYLE: "));
    }

    @Test
    void parseReadsNothingOfIt() {
        assertThat(ConnectionString.parse("host=h").user()).isEmpty();
    }

    @Test
    void printsNoValue() {
        variables.put("PGPASSWORD", "canary");

        assertThat(LibpqEnvironment.of(variables, home, "me")).hasToString("LibpqEnvironment[PGPASSWORD]");
        assertThat(LibpqEnvironment.ofProcess().toString()).startsWith("LibpqEnvironment[");
    }

    private ConnectionString read(String text) {
        return ConnectionString.withLibpqEnvironment(
                text, LibpqEnvironment.of(variables, home, System.getProperty("user.name")));
    }

    private void file(String name, String permissions, String text) throws IOException {
        Files.createDirectories(home.resolve(name).getParent());
        Files.writeString(home.resolve(name), text);
        Files.setPosixFilePermissions(home.resolve(name), PosixFilePermissions.fromString(permissions));
    }
}
