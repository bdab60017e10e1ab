package io.github.r2dbcsession.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Where libpq finds what a connection string leaves out: the {@code PG*} variables, the home directory and the user of the operating
 * system. Immutable; files are read when a string is read with it, and only then.
 */
public final class LibpqEnvironment {

    private static final Set<PosixFilePermission> OF_OTHERS = Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private final Map<String, String> variables;
    private final Path home;
    private final String user;

    private LibpqEnvironment(Map<String, String> variables, Path home, String user) {
        this.variables = variables;
        this.home = home;
        this.user = user;
    }

    /** Returns the environment of this process. */
    public static LibpqEnvironment ofProcess() {
        String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home", ""));
        return of(System.getenv(), Path.of(home), System.getProperty("user.name", ""));
    }

    /**
     * Returns an environment.
     *
     * @param home where {@code .pgpass}, {@code .pg_service.conf} and {@code .postgresql} are looked for
     * @param user whom to log in as where nothing is stated; empty for nobody
     */
    public static LibpqEnvironment of(Map<String, String> variables, Path home, String user) {
        return new LibpqEnvironment(
                Map.copyOf(variables), Objects.requireNonNull(home, "home"), Objects.requireNonNull(user, "user"));
    }

    Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name));
    }

    String user() {
        return user;
    }

    Path inHome(String name) {
        return home.resolve(name);
    }

    boolean hasFile(Path file) {
        return Files.isRegularFile(file);
    }

    /** Whether group or others may do anything with a file; unknown is no, as on systems without such permissions. */
    boolean isOpenToOthers(Path file) {
        try {
            return Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains);
        } catch (IOException | UnsupportedOperationException unknown) {
            return false;
        }
    }

    /** The lines of a file, empty when it is not there or cannot be read. */
    Optional<List<String>> lines(Path file) {
        try {
            return hasFile(file) ? Optional.of(Files.readAllLines(file, StandardCharsets.UTF_8)) : Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    /** Returns the names of the {@code PG*} variables that are set, without their values. */
    @Override
    public String toString() {
        return "LibpqEnvironment"
                + variables.keySet().stream()
                        .filter(name -> name.startsWith("PG"))
                        .sorted()
                        .toList();
    }
}
