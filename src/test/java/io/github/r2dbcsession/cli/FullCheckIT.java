package io.github.r2dbcsession.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.PgBouncer;
import io.github.r2dbcsession.testing.TestDatabase;
import io.github.r2dbcsession.testing.TlsServer;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@DatabaseTest
class FullCheckIT {

    private static final List<String> STEPS =
            List.of("conversion", "connection", "pooler", "protocols", "server", "privileges", "sessions");

    private final TestDatabase server = TestDatabase.get();
    private final String url = server.url(FullCheckIT.class);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @Test
    void tellsPeopleEverythingAndShowsThatItWorks() {
        int code = run(url);

        assertThat(code).isZero();
        assertThat(progress.toString(StandardCharsets.UTF_8).lines())
                .containsExactlyElementsOf(
                        STEPS.stream().map(step -> step + " ...").toList());
        assertThat(text())
                .containsPattern("before +postgresql://")
                .containsPattern("sslmode +prefer: TLS if the server offers it")
                .containsPattern("created +10/10")
                .containsPattern("ready after +(\\d+ ms, ){9}\\d+ ms")
                .containsPattern("callback, simple +answered in \\d+ us")
                .containsPattern("callback, extended +answered in \\d+ us")
                .containsPattern("handle, simple +answered in \\d+ us")
                .containsPattern("handle, extended +answered in \\d+ us")
                .containsPattern("prepared +statements survive")
                .containsPattern("role +primary")
                .containsPattern("clock +(as ours|\\d+ ms (behind|ahead of) ours)")
                .containsPattern("the server admits \\d+, of which \\d+ reserved; the pool may have 10")
                .containsPattern("warning +SUPERUSER: the role is a superuser")
                .endsWith("result: HEALTHY\n")
                .doesNotContain(server.password());
    }

    @Test
    void answersProgramsInJson() throws Exception {
        int code = run(url, "--format", "json", "--max-size", "1000");

        JsonNode json = new ObjectMapper().readTree(text());
        assertThat(code).isZero();
        assertThat(json.path("status").asText()).isEqualTo("HEALTHY");
        assertThat(names(json.path("sections"))).containsExactlyElementsOf(STEPS);
        assertThat(codes(json)).containsExactlyInAnyOrder("MAX_CONNECTIONS", "SUPERUSER");
        assertThat(json.path("findings")).allSatisfy(finding -> {
            assertThat(finding.path("measured").asText()).isNotEmpty();
            assertThat(finding.path("limit").asText()).isNotEmpty();
            assertThat(finding.path("remedy").asText()).isNotEmpty();
        });
    }

    @Test
    void writesMarkdownThatShowsWhatWasFound() {
        assertThat(run(url, "--format", "markdown")).isZero();

        assertThat(text())
                .startsWith("# Connection report: HEALTHY\n\n## findings\n\n- **warning** `SUPERUSER`: ")
                .contains("## sessions\n\n| what | is |\n|---|---|\n| created | 10/10 |\n")
                .contains("postgresql://" + server.user() + ":\\*\\*\\*@");
    }

    @Test
    void endsAtTheConnectionWhereThereIsNone() throws Exception {
        int code = run(url.replace(server.password(), "canary"), "--format", "JSON");

        JsonNode json = new ObjectMapper().readTree(text());
        assertThat(code).isEqualTo(1);
        assertThat(json.path("status").asText()).isEqualTo("UNHEALTHY");
        assertThat(names(json.path("sections"))).containsExactly("conversion", "connection");
        assertThat(codes(json)).containsExactly("NOT_CONNECTED");
        assertThat(json.at("/findings/0/measured").asText()).contains("password authentication failed");
        assertThat(json.at("/findings/0/remedy").asText()).contains("is the password right");
        assertThat(text()).doesNotContain("canary");
        assertThat(run("postgresql://u@h/d?sslmode=canary")).isEqualTo(2);
    }

    @Test
    void tellsTheChainOfCertificatesAndWhatEndsSoon(@TempDir Path folder) throws Exception {
        Certificates certificates = Certificates.create();
        X509Bundle soon = certificates.issue(it -> it.subject("CN=db")
                .addSanDnsName("localhost")
                .notAfter(Instant.now().plus(Duration.ofDays(5))));
        try (TlsServer tls = TlsServer.debian()) {
            tls.configure(certificates.behindIntermediate("localhost"), null, "hostssl all app all scram-sha-256");
            String string = "postgresql://app:%s@localhost:%d/postgres?sslmode=verify-full&sslrootcert=%s"
                    .formatted(TlsServer.PASSWORD, tls.port(), certificates.root(folder));

            run(string);
            assertThat(text())
                    .containsSubsequence("CN=Test, issued by CN=Test intermediate", "CN=Test intermediate, issued by")
                    .containsPattern("encrypted +true");

            tls.configure(soon, null, "hostssl all app all scram-sha-256");
            tls.execute("ALTER ROLE app CONNECTION LIMIT 5");
            out.reset();
            assertThat(run(string, "--format", "json")).as(text()).isEqualTo(3);
            assertThat(codes(new ObjectMapper().readTree(text())))
                    .contains("CERTIFICATE_EXPIRING", "SESSIONS", "ROLE_CONNECTIONS");
            assertThat(text())
                    .containsPattern("[1-5] of 10 sessions could be created: .*too many connections for role")
                    .doesNotContain("Did not observe");
        }
    }

    @Test
    void seesPgBouncerAndThatPreparedStatementsDoNotSurviveIt() throws Exception {
        assumeTrue(PgBouncer.isInstalled(), "PgBouncer is not installed");
        try (PgBouncer bouncer = PgBouncer.before(server, "extra_float_digits")) {
            String string = "postgresql://%s:%s@127.0.0.1:%d/%s"
                    .formatted(server.user(), server.password(), bouncer.port(), server.database());

            int prepared = run(string, "--format", "json");
            List<String> found = codes(new ObjectMapper().readTree(text()));
            out.reset();
            int unnamed = run(string + "?r2dbc.preparedStatementCacheQueries=0", "--format", "json");

            assertThat(prepared).isEqualTo(1);
            assertThat(found).contains("POOLER").first().isEqualTo("PREPARED_STATEMENTS");
            assertThat(unnamed).as(text()).isZero();
            assertThat(codes(new ObjectMapper().readTree(text())))
                    .contains("POOLER")
                    .doesNotContain("PREPARED_STATEMENTS");
        }
    }

    @Test
    void saysWhatPgBouncerDoesNotTake() throws Exception {
        assumeTrue(PgBouncer.isInstalled(), "PgBouncer is not installed");
        try (PgBouncer bouncer = PgBouncer.before(server, "")) {
            int code = run(
                    "postgresql://%s:%s@127.0.0.1:%d/%s"
                            .formatted(server.user(), server.password(), bouncer.port(), server.database()),
                    "--format",
                    "json");

            assertThat(code).isEqualTo(1);
            assertThat(codes(new ObjectMapper().readTree(text()))).containsExactly("NOT_CONNECTED", "POOLER");
            assertThat(text()).contains("ignore_startup_parameters = extra_float_digits");
        }
    }

    private static List<String> names(JsonNode json) {
        List<String> names = new ArrayList<>();
        json.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<String> codes(JsonNode json) {
        List<String> codes = new ArrayList<>();
        json.path("findings").forEach(finding -> codes.add(finding.path("code").asText()));
        return codes;
    }

    private int run(String string, String... arguments) {
        List<String> line = new ArrayList<>(List.of("--full"));
        line.addAll(List.of(arguments));
        byte[] input = (string + "\n").getBytes(StandardCharsets.UTF_8);
        return new CommandLine(new CheckCommand(new ByteArrayInputStream(input), out, progress))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(line.toArray(String[]::new));
    }

    private String text() {
        return out.toString(StandardCharsets.UTF_8);
    }
}
