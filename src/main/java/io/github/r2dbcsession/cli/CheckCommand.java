package io.github.r2dbcsession.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.InvalidConnectionStringException;
import io.github.r2dbcsession.config.PoolSettings;
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
        exitCodeList = {
            "0:connected, or answered in JSON; with --full nothing worse than a warning",
            "1:not reachable or refused; with --full not usable",
            "2:a bad string or option",
            "3:with --full usable, and something is wrong"
        })
final class CheckCommand implements Callable<Integer> {

    private static final int NOT_CONNECTED = 1;
    private static final int BAD_STRING = 2;
    private static final int DEGRADED = 3;
    private static final int LONGEST_LIMIT = 3_600;
    private static final int LARGEST_POOL = 10_000;

    private final InputStream in;
    private final OutputStream out;
    private final OutputStream progress;
    private final ObjectMapper json = new ObjectMapper();

    @Option(names = "--json", description = "Answer in JSON; needs --stdin.")
    private boolean jsonEnabled;

    @Option(names = "--stdin", description = "Read JSON objects with id and url, one a line.")
    private boolean stdinEnabled;

    @Option(
            names = "--libpq-environment",
            description = "Fill what the string leaves out from PG* variables, .pgpass and the like.")
    private boolean environmentEnabled;

    @Option(names = "--full", description = "Look at everything and report findings; progress goes to standard error.")
    private boolean fullEnabled;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "The form of a full report: text (default), json or markdown.")
    private @Nullable ReportFormat format;

    @Option(
            names = "--max-size",
            paramLabel = "CONNECTIONS",
            description = "How large the pool is to be, for a full report; 10 by default.")
    private @Nullable Integer maxSize;

    @Option(names = "--limit", paramLabel = "SECONDS", description = "How long each step may take, 10 by default.")
    private int limit = 10;

    @Parameters(paramLabel = "STRING", arity = "0..1", description = "A connection string; none: read standard input.")
    private @Nullable String string;

    CheckCommand() {
        this(System.in, System.out, System.err);
    }

    CheckCommand(InputStream in, OutputStream out, OutputStream progress) {
        this.in = in;
        this.out = out;
        this.progress = progress;
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter writer = new PrintWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        String misuse = misuse();
        if (misuse != null) {
            writer.println(misuse);
            writer.flush();
            return BAD_STRING;
        }
        if (!jsonEnabled) {
            String line = string != null ? string : lines.readLine();
            return check(line == null ? "" : line, writer);
        }
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            writer.println(json.writeValueAsString(answer(line)));
            writer.flush();
        }
        return 0;
    }

    /** Tells of options that contradict; picocli sees to each by itself. */
    private @Nullable String misuse() {
        if (jsonEnabled != stdinEnabled || (jsonEnabled && string != null)) {
            return "--json and --stdin go together and take no argument";
        } else if (jsonEnabled && fullEnabled) {
            return "--full takes one string, without --json and --stdin; its form is --format json";
        } else if (!fullEnabled && (format != null || maxSize != null)) {
            return "--format and --max-size need --full";
        } else if (limit < 1 || limit > LONGEST_LIMIT) {
            return "--limit must be from 1 to " + LONGEST_LIMIT + " seconds, was " + limit;
        } else if (maxSize != null && (maxSize < 1 || maxSize > LARGEST_POOL)) {
            return "--max-size must be from 1 to " + LARGEST_POOL + ", was " + maxSize;
        }
        return null;
    }

    private int check(String text, PrintWriter writer) {
        try {
            ConnectionString parsed = parse(text);
            return fullEnabled ? checkFully(parsed, writer) : check(parsed, writer);
        } catch (InvalidConnectionStringException bad) {
            writer.println("parse       " + bad.getMessage());
            writer.flush();
            return BAD_STRING;
        }
    }

    private int check(ConnectionString parsed, PrintWriter writer) {
        Check check = new Check(parsed, Duration.ofSeconds(limit), fact -> {
            writer.printf("%-12s%s%n", fact.name(), fact.value());
            writer.flush();
        });
        return check.run() ? 0 : NOT_CONNECTED;
    }

    private int checkFully(ConnectionString parsed, PrintWriter writer) {
        PrintWriter steps = new PrintWriter(new OutputStreamWriter(progress, StandardCharsets.UTF_8), true);
        int size = maxSize == null ? PoolSettings.defaults().maxSize() : maxSize;
        Report report = new FullCheck(parsed, Duration.ofSeconds(limit), size, steps::println).run();
        writer.print((format == null ? ReportFormat.TEXT : format).write(report));
        writer.flush();
        return switch (report.status()) {
            case HEALTHY -> 0;
            case DEGRADED -> DEGRADED;
            case UNHEALTHY -> NOT_CONNECTED;
        };
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
            answer.put("why", Advice.message(Exceptions.unwrap(failure), Duration.ofSeconds(limit)));
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
