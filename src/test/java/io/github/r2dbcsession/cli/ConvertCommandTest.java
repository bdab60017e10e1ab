package io.github.r2dbcsession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ConvertCommandTest {

    private static final String ORIGIN =
            "postgresql+psycopg2://ledger-admin:y5268[695t-x@db:5433/ledger?sslmode=require";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void answersLineByLineInJson() throws Exception {
        int code = run(
                "\"" + ORIGIN + "\"\n\"nonsense\"\n42 x\n\"postgresql:///d?sslpassword=s\"\n", "--json", "--reveal");

        String[] lines = lines();
        assertThat(code).isZero();
        assertThat(lines).hasSize(4);
        assertThat(lines[0])
                .isEqualTo(
                        "{\"hosts\":[{\"host\":\"db\",\"port\":5433}],\"user\":\"ledger-admin\",\"password\":\"y5268[695t-x\","
                                + "\"database\":\"ledger\",\"options\":{\"sslmode\":\"require\"},\"warnings\":[]}");
        assertThat(json(lines[1]).get("error").asText()).startsWith("scheme: ");
        assertThat(json(lines[2]).get("error").asText()).isEqualTo("the line must be a JSON string");
        assertThat(json(lines[3]).at("/hosts/0/host").isNull()).isTrue();
        assertThat(json(lines[3]).at("/password").isNull()).isTrue();
        assertThat(json(lines[3]).at("/options/sslpassword").asText()).isEqualTo("s");
    }

    @Test
    void hidesPasswordsUnlessToldToRevealThem() throws Exception {
        run("\"postgresql://u:canary@h/d?sslpassword=canary\"\n", "--json");

        assertThat(lines()[0]).doesNotContain("canary");
        assertThat(json(lines()[0]).at("/password").asText()).isEqualTo("***");
        assertThat(json(lines()[0]).at("/options/sslpassword").asText()).isEqualTo("***");
    }

    @Test
    void tellsPeopleBeforeAndAfter() {
        int code = run(ORIGIN + "&krbsrvname=x\n");

        assertThat(code).isZero();
        assertThat(lines())
                .startsWith(
                        "before    postgresql+psycopg2://ledger-admin:***@db:5433/ledger?sslmode=require&krbsrvname=x",
                        "after     postgresql://ledger-admin:***@db:5433/ledger?sslmode=require",
                        "sslmode   require: TLS required, certificate not verified")
                .anyMatch(line -> line.startsWith("warning   krbsrvname: "));
    }

    @Test
    void exitsWithTwoForABadString() {
        assertThat(run("postgresql://h/d?sslmode=canary\n")).isEqualTo(2);
        assertThat(lines()[0]).startsWith("refused   sslmode: ").doesNotContain("canary");
    }

    @Test
    void takesStringsAsArguments() {
        assertThat(run("", "--reveal", "postgresql://u:p@h/d")).isZero();
        assertThat(lines()[1]).isEqualTo("after     postgresql://u:p@h:5432/d");
        assertThat(run("", "--json", "host=h")).isZero();
        assertThat(lines()[3]).startsWith("{\"hosts\":");
    }

    @Test
    void mainKnowsTheCommand() {
        assertThat(Main.commandLine().getSubcommands()).containsKey("convert");
        assertThat(Main.commandLine().execute("--version")).isZero();
    }

    private int run(String input, String... arguments) {
        return new CommandLine(
                        new ConvertCommand(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out))
                .execute(arguments);
    }

    private String[] lines() {
        return out.toString(StandardCharsets.UTF_8).split("\\R", 0);
    }

    private static JsonNode json(String line) throws Exception {
        return new ObjectMapper().readTree(line);
    }
}
