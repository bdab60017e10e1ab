package io.github.r2dbcsession.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Programs of the operating system. */
final class Commands {

    private Commands() {}

    /** Runs a program to its end and fails unless it ends well. What it leaves running keeps none of our pipes. */
    static void run(String... command) {
        try {
            Path output = Files.createTempFile("command", ".log");
            try {
                int exit = new ProcessBuilder(command)
                        .directory(output.getParent().toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start()
                        .waitFor();
                if (exit != 0) {
                    throw new IllegalStateException(String.join(" ", command) + ": " + Files.readString(output));
                }
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    static boolean isInstalled(String... programs) {
        List<Path> folders =
                Stream.of(System.getenv("PATH").split(":", -1)).map(Path::of).toList();
        return Stream.of(programs)
                .allMatch(program -> folders.stream().anyMatch(folder -> Files.isExecutable(folder.resolve(program))));
    }
}
