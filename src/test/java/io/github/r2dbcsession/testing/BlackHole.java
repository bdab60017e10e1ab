package io.github.r2dbcsession.testing;

import io.github.r2dbcsession.testing.FaultProxy.Way;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** A server that stops answering, each kind in its own way, and starts again. */
public interface BlackHole extends AutoCloseable {

    /** Returns the libpq URI of the server. */
    String url();

    /** From now on there is no answer. */
    void strike();

    /** From now on there is again. */
    void heal();

    /** Strikes when the client sends a text that it sends nowhere else; false where that cannot be done. */
    default boolean strikeFrom(String text) {
        return false;
    }

    /** Returns whether a statement of the application sleeps on the server. */
    boolean isAsleep();

    /** Returns how many sockets the client has open to the server, -1 where that is not known. */
    default int sockets() {
        return -1;
    }

    @Override
    void close();

    /** Swallows what goes these ways. */
    static BlackHole swallowing(TestDatabase database, Class<?> test, Set<Way> ways) {
        FaultProxy proxy = FaultProxy.before(database);
        return swallowing(proxy, proxy.url(database, test), ways, () -> asleep(database, test));
    }

    /** Swallows what goes these ways on its way to a server with TLS, which nothing is run on. */
    static BlackHole swallowing(TlsServer server, Class<?> test, Set<Way> ways) {
        FaultProxy proxy = FaultProxy.before("127.0.0.1", server.port());
        String url = "postgresql://app:%s@127.0.0.1:%d/postgres?application_name=%s&sslmode=require"
                .formatted(TlsServer.PASSWORD, proxy.port(), TestDatabase.applicationName(test));
        return swallowing(proxy, url, ways, () -> false);
    }

    private static BlackHole swallowing(FaultProxy proxy, String url, Set<Way> ways, BooleanSupplier asleep) {
        return new BlackHole() {
            @Override
            public String url() {
                return url;
            }

            @Override
            public void strike() {
                proxy.swallow(ways);
            }

            @Override
            public boolean strikeFrom(String text) {
                proxy.swallowFrom(text, ways);
                return true;
            }

            @Override
            public void heal() {
                proxy.heal();
            }

            @Override
            public boolean isAsleep() {
                return asleep.getAsBoolean();
            }

            @Override
            public int sockets() {
                return proxy.open();
            }

            @Override
            public void close() {
                proxy.close();
            }
        };
    }

    /** Stops the server processes of the application; new ones are not stopped. */
    static BlackHole stoppedBackends(TestDatabase database, Class<?> test) {
        List<Integer> stopped = new ArrayList<>();
        return stopping(
                database,
                test,
                stopped,
                () -> database.backends(TestDatabase.applicationName(test)).stream()
                        .map(Backend::pid)
                        .toList());
    }

    /** Stops the process that takes new connections; those that are there go on. */
    static BlackHole stoppedPostmaster(TestDatabase database, Class<?> test) {
        String folder =
                database.query("SHOW data_directory", row -> row.getString(1)).get(0);
        return stopping(database, test, new ArrayList<>(), () -> List.of(postmaster(Path.of(folder))));
    }

    private static BlackHole stopping(
            TestDatabase database,
            Class<?> test,
            List<Integer> stopped,
            java.util.function.Supplier<List<Integer>> victims) {
        return new BlackHole() {
            @Override
            public String url() {
                return database.url(test) + "&sslmode=disable";
            }

            @Override
            public void strike() {
                stopped.addAll(victims.get());
                stopped.forEach(pid -> Commands.run("kill", "-STOP", pid.toString()));
            }

            @Override
            public void heal() {
                stopped.forEach(pid -> Commands.run("kill", "-CONT", pid.toString()));
                stopped.clear();
            }

            @Override
            public boolean isAsleep() {
                return asleep(database, test);
            }

            @Override
            public void close() {
                heal();
            }
        };
    }

    private static boolean asleep(TestDatabase database, Class<?> test) {
        return database.backends(TestDatabase.applicationName(test)).stream()
                .anyMatch(backend -> "PgSleep".equals(backend.waitEvent()));
    }

    private static int postmaster(Path data) {
        try {
            return Integer.parseInt(
                    Files.readAllLines(data.resolve("postmaster.pid")).get(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
