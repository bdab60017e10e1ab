package io.github.r2dbcsession.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.InvalidConnectionStringException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import reactor.core.Exceptions;

/** Connects and tells step by step what happened: for people, or line by line for programs. */
@Command(
        name = "check",
        description = {
            "Connects and tells step by step what happened, and on a failure what to change.",
            "Reads the string from the first line of standard input, unless it is given as an argument, which others may see."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:connected, or answered in JSON", "1:not reachable or refused", "2:a bad string"})
final class CheckCommand implements Callable<Integer> {

    private static final int NOT_CONNECTED = 1;
    private static final int BAD_STRING = 2;

    private final InputStream in;
    private final OutputStream out;
    private final ObjectMapper json = new ObjectMapper();

    @Option(names = "--json", description = "Answer in JSON; needs --stdin.")
    private boolean jsonEnabled;

    @Option(names = "--stdin", description = "Read JSON objects with id and url, one a line.")
    private boolean stdinEnabled;

    @Option(
            names = "--libpq-environment",
            description = "Fill what the string leaves out from PG* variables, .pgpass and the like.")
    private boolean environmentEnabled;

    @Option(names = "--limit", paramLabel = "SECONDS", description = "How long each step may take, 10 by default.")
    private int limit = 10;

    @Parameters(paramLabel = "STRING", arity = "0..1", description = "A connection string; none: read standard input.")
    private @Nullable String string;

    CheckCommand() {
        this(System.in, System.out);
    }

    CheckCommand(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter writer = new PrintWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        if (!jsonEnabled && !stdinEnabled) {
            String line = string != null ? string : lines.readLine();
            return check(line == null ? "" : line, writer);
        }
        if (string != null || !jsonEnabled || !stdinEnabled) {
            writer.println("--json and --stdin go together and take no argument");
            writer.flush();
            return BAD_STRING;
        }
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            writer.println(json.writeValueAsString(answer(line)));
            writer.flush();
        }
        return 0;
    }

    private int check(String text, PrintWriter writer) {
        try {
            return new Check(parse(text), Duration.ofSeconds(limit), writer).run() ? 0 : NOT_CONNECTED;
        } catch (InvalidConnectionStringException bad) {
            writer.println("parse       " + bad.getMessage());
            writer.flush();
            return BAD_STRING;
        }
    }

    private ConnectionString parse(String text) {
        return environmentEnabled ? ConnectionString.withLibpqEnvironment(text) : ConnectionString.parse(text);
    }

    private Map<String, @Nullable String> answer(String line) {
        Map<String, @Nullable String> answer = new LinkedHashMap<>();
        JsonNode request = request(line);
        answer.put("id", request.path("id").asText(null));
        try {
            if (!request.path("url").isTextual()) {
                throw new IllegalArgumentException("the line must be a JSON object with id and url");
            }
            Login login = Login.of(parse(request.path("url").textValue()), Duration.ofSeconds(limit))
                    .login();
            answer.put("got", login.encrypted() ? "tls" : "plain");
            answer.put("why", (login.protocol() + " " + login.cipher()).strip());
        } catch (RuntimeException failure) {
            answer.put("got", "refused");
            answer.put("why", String.valueOf(Exceptions.unwrap(failure).getMessage()));
        }
        return answer;
    }

    private JsonNode request(String line) {
        try {
            return json.readTree(line);
        } catch (JsonProcessingException unreadable) {
            return json.nullNode();
        }
    }
}
