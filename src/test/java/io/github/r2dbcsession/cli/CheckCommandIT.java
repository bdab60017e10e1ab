package io.github.r2dbcsession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.github.r2dbcsession.testing.TlsServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

@DatabaseTest
class CheckCommandIT {

    private final TestDatabase server = TestDatabase.get();
    private final String url = server.url(CheckCommandIT.class);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @Test
    void tellsPeopleEveryStep() {
        int code = run(url + "\n");

        assertThat(code).isZero();
        assertThat(steps())
                .containsSubsequence(
                        "parse", "sslmode", "resolve", "tcp", "tls", "login", "session", "server", "round");
        assertThat(text())
                .contains("asks for scram-sha-256", "not encrypted", "PostgreSQL ", ", primary", " ms")
                .doesNotContain(server.password());
    }

    @Test
    void answersProgramsLineByLine() throws IOException {
        int code = run(
                "{\"id\":\"1\",\"url\":\"" + url + "\"}\n"
                        + "{\"id\":\"2\",\"url\":\"" + url.replace(server.password(), "canary") + "\"}\n"
                        + "{\"id\":\"3\",\"url\":\"" + url + "&sslmode=require\"}\n"
                        + "{\"id\":\"4\",\"url\":\"nonsense\"}\n"
                        + "{\"id\":\"5\"}\nx\n",
                "--json",
                "--stdin");

        assertThat(code).isZero();
        List<String> lines = text().lines().toList();
        assertThat(lines).hasSize(6).noneMatch(line -> line.contains("canary"));
        assertThat(lines.get(0)).isEqualTo("{\"id\":\"1\",\"got\":\"plain\",\"why\":\"\"}");
        assertThat(got(lines.subList(1, 6))).containsOnly("refused");
        assertThat(lines.get(1)).contains("password authentication failed");
        assertThat(lines.get(3)).contains("scheme: ");
        assertThat(lines.get(5)).contains("the line must be a JSON object");
    }

    @Test
    void tellsTlsAsTheServerSeesIt(@TempDir Path folder) throws IOException {
        Certificates certificates = Certificates.create();
        try (TlsServer tls = TlsServer.debian()) {
            tls.configure(
                    certificates.issue(it -> it.subject("CN=db").addSanDnsName("localhost")),
                    null,
                    "hostssl all app all scram-sha-256");
            String string = "postgresql://app:%s@localhost:%d/postgres?sslmode=verify-full&sslrootcert=%s"
                    .formatted(TlsServer.PASSWORD, tls.port(), certificates.root(folder));

            assertThat(run("{\"id\":\"1\",\"url\":\"" + string + "\"}\n", "--json", "--stdin"))
                    .isZero();
            assertThat(text()).startsWith("{\"id\":\"1\",\"got\":\"tls\",\"why\":\"TLSv1.3 ");
            assertThat(run(string + "\n")).isZero();
            assertThat(text())
                    .containsPattern("certificate +CN=db, issued by ")
                    .containsPattern("names +localhost")
                    .containsPattern("expiry .*, in \\d+ days")
                    .contains("as app, encrypted by TLSv1.3 ");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://u@nowhere.invalid/d, spelled right",
        "postgresql://u@127.0.0.1:1/d, is the server running",
        "postgresql://tester:canary@HERE/test, is the password right",
        "postgresql://tester:test-password@HERE/nowhere, is the database's name right",
        "postgresql://tester:test-password@HERE/test?sslmode=require, for a server without TLS switch it on",
        "postgresql://tester:test-password@HERE/test?target_session_attrs=standby, name a host that has this role",
    })
    void saysWhatToChange(String pattern, String advice) {
        int code = run(pattern.replace("HERE", server.host() + ":" + server.port()) + "\n");

        assertThat(code).isEqualTo(1);
        assertThat(text()).contains("refused ", "change ", advice).doesNotContain("canary");
    }

    @Test
    void givesUpOnAServerThatIsSilent() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int code = run("postgresql://u@127.0.0.1:" + silent.getLocalPort() + "/d\n", "--limit", "1");

            assertThat(code).isEqualTo(1);
            assertThat(text()).contains("failed ", "firewall", "no answer within 1000 ms");
        }
    }

    @Test
    void aBadStringIsTwo() {
        assertThat(run("postgresql://u:canary@h:x/d\n")).isEqualTo(2);
        assertThat(text()).startsWith("parse ").contains("port: ").doesNotContain("canary");
        assertThat(run("", "--json")).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--limit 0",
                "--limit -1",
                "--limit 3601",
                "--full --max-size 0",
                "--full --max-size 10001",
                "--max-size 5",
                "--format json",
                "--full --json --stdin",
                "--stdin",
            })
    void optionsThatMakeNoSenseAreTwoAndNothingIsTried(String options) {
        assertThat(run(url + "\n", options.split(" "))).isEqualTo(2);
        assertThat(text()).startsWith("--").hasLineCount(1);
        assertThat(progress.size()).isZero();
    }

    @Test
    void fillsFromTheEnvironmentWhereAskedTo() {
        run("service=nowhere-to-be-found\n", "--libpq-environment");

        assertThat(text()).contains("it is in no service file");
    }

    @Test
    void warnsWhenTheDriverLogsWhatItSends() {
        var logger = (ch.qos.logback.classic.Logger) LoggerFactory.getLogger("io.r2dbc.postgresql.QUERY");
        var before = logger.getLevel();
        logger.setLevel(ch.qos.logback.classic.Level.DEBUG);
        try {
            run("postgresql://u@127.0.0.1:1/d\n");
        } finally {
            logger.setLevel(before);
        }

        assertThat(text()).contains("DEBUG or TRACE logging is on");
    }

    private int run(String input, String... arguments) {
        return new CommandLine(new CheckCommand(
                        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out, progress))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments);
    }

    private String text() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private List<String> steps() {
        return text().lines().map(line -> line.split(" ", 2)[0]).toList();
    }

    private static List<String> got(List<String> lines) throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<String> got = new java.util.ArrayList<>();
        for (String line : lines) {
            JsonNode answer = json.readTree(line);
            got.add(answer.path("got").asText());
        }
        return got;
    }
}
