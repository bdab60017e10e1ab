package io.github.r2dbcsession.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.InvalidConnectionStringException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what connection strings become: for people, or line by line for programs. Connects to nothing. */
@Command(
        name = "convert",
        description = {
            "Says what connection strings become. Connects to nothing.",
            "Reads one string a line from standard input, unless strings are given as arguments, which others may see."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:every string was understood, or answered in JSON", "2:a string was refused"})
final class ConvertCommand implements Callable<Integer> {

    private static final int BAD_STRING = 2;

    private final InputStream in;
    private final OutputStream out;
    private final ObjectMapper json = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    @Option(names = "--json", description = "Read JSON string literals, answer JSON objects, one a line.")
    private boolean jsonEnabled;

    @Option(names = "--reveal", description = "Print passwords instead of ***.")
    private boolean revealEnabled;

    @Parameters(paramLabel = "STRING", description = "Connection strings; none: read standard input.")
    private List<String> strings = List.of();

    ConvertCommand() {
        this(System.in, System.out);
    }

    ConvertCommand(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter writer = new PrintWriter(new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8)));
        boolean good = true;
        if (!strings.isEmpty()) {
            for (String string : strings) {
                good &= jsonEnabled ? answer(string, writer) : show(string, writer);
            }
        } else {
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                good &= jsonEnabled ? answerLine(line, writer) : show(line, writer);
            }
        }
        writer.flush();
        return good ? 0 : BAD_STRING;
    }

    private boolean answerLine(String line, PrintWriter writer) throws JsonProcessingException {
        JsonNode literal;
        try {
            literal = json.readTree(line);
        } catch (JsonProcessingException unreadable) {
            literal = MissingNode.getInstance();
        }
        if (!literal.isTextual()) {
            return error("the line must be a JSON string", writer);
        }
        return answer(literal.textValue(), writer);
    }

    private boolean answer(String string, PrintWriter writer) throws JsonProcessingException {
        try {
            ConnectionString converted = ConnectionString.parse(string);
            writer.println(json.writeValueAsString(new Conversion(converted, revealEnabled).toMap()));
            return true;
        } catch (InvalidConnectionStringException refused) {
            return error(String.valueOf(refused.getMessage()), writer);
        }
    }

    /** Writes an error, which in JSON is an answer like any other. */
    private boolean error(String text, PrintWriter writer) throws JsonProcessingException {
        writer.println(json.writeValueAsString(Map.of("error", text)));
        return true;
    }

    private boolean show(String string, PrintWriter writer) {
        try {
            writer.println(new Conversion(ConnectionString.parse(string), revealEnabled).toText());
            return true;
        } catch (InvalidConnectionStringException refused) {
            writer.println("refused   " + refused.getMessage());
            return false;
        }
    }
}
