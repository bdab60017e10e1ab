package io.github.r2dbcsession.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry of the command-line jar; each subcommand is a class of its own. */
@Command(
        name = "r2dbc-session",
        description = "Tells what PostgreSQL connection strings mean.",
        mixinStandardHelpOptions = true,
        subcommands = ConvertCommand.class)
public final class Main {

    Main() {}

    /** Runs a subcommand and exits with its code: 0 for done, 2 for a bad string or bad usage. */
    public static void main(String... arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main());
    }
}
