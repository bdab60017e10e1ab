package io.github.r2dbcsession.example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the program was called with. */
@Command(
        name = "ledger",
        sortOptions = false,
        description = {
            "A small ledger over HTTP: accounts, transfers and statements, kept in PostgreSQL.",
            "",
            "It starts a PostgreSQL of its own, which is gone afterwards. Where DATABASE_URL is set it uses that"
                    + " database instead, and there only the schema " + Schema.NAME
                    + ", which it creates if absent and never drops.",
            ""
        })
final class Options {

    private static final int PORT = 8080;
    private static final int HIGHEST_PORT = 65_535;
    private static final int LONGEST_TOUR = 3600;

    @Spec
    private @Nullable CommandSpec spec;

    private @Nullable Integer port;
    private @Nullable Duration tour;

    @Option(names = "--help", usageHelp = true, description = "print this and exit")
    boolean help;

    /** Reads the arguments and runs the program, or prints the help or what is wrong with them; returns the exit code. */
    static int read(String[] arguments, PrintStream out, PrintStream err, ToIntFunction<Options> program) {
        Options options = new Options();
        return new CommandLine(options)
                .setOut(new PrintWriter(out, true, UTF_8))
                .setErr(new PrintWriter(err, true, UTF_8))
                .setParameterExceptionHandler((failure, ignored) -> {
                    err.println("ledger: " + failure.getMessage() + " (--help lists the options)");
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionStrategy(parsed -> {
                    Integer helped = CommandLine.executeHelpRequest(parsed);
                    return helped != null ? helped : program.applyAsInt(options);
                })
                .execute(arguments);
    }

    /** Where to listen, 0 for any free port. */
    int port() {
        if (port != null) {
            return port;
        }
        return tour == null ? PORT : 0;
    }

    /** How long the tour is to take; empty when the ledger is to run until it is stopped. */
    Optional<Duration> tour() {
        return Optional.ofNullable(tour);
    }

    @Option(
            names = "--port",
            paramLabel = "N",
            description =
                    "where to listen on 127.0.0.1, 0 for any free port (default: " + PORT + ", with --seconds any)")
    void port(int port) {
        this.port = within("--port", port, 0, HIGHEST_PORT);
    }

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "put a small load on the ledger for so long, check the books, print a summary and exit")
    void seconds(int seconds) {
        this.tour = Duration.ofSeconds(within("--seconds", seconds, 1, LONGEST_TOUR));
    }

    private int within(String name, int value, int lowest, int highest) {
        if (value < lowest || value > highest) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    name + " must be from " + lowest + " to " + highest + ", was " + value);
        }
        return value;
    }
}
