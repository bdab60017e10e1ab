package io.github.r2dbcsession.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry of the command-line jar; each subcommand is a class of its own. */
@Command(
        name = "r2dbc-session",
        description = "Tells what PostgreSQL connection strings mean and whether they connect.",
        mixinStandardHelpOptions = true,
        subcommands = {ConvertCommand.class, CheckCommand.class})
public final class Main {

    Main() {}

    /** Runs a subcommand and exits with its code: 0 for done, 1 for not connected, 2 for a bad string or bad usage, 3 for
     * a full check that found something wrong. */
    public static void main(String... arguments) {
        // A command speaks for itself: without a logging backend, which may be added on the class path, SLF4J is quiet.
        System.getProperties().putIfAbsent("slf4j.internal.verbosity", "ERROR");
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main()).setCaseInsensitiveEnumValuesAllowed(true);
    }
}
