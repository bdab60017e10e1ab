package io.github.r2dbcsession.example;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.DatabaseHealth;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** The program: starts a database, the pool on it and the ledger over HTTP, and stops them in reverse order. */
public final class Ledger {

    private static final int WARM_SESSIONS = 10;

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream err;

    Ledger(Map<String, String> environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /** Runs the program and ends the JVM: with 0 when all went well, 1 when something failed, 2 when it was called wrongly. */
    public static void main(String[] arguments) {
        System.exit(new Ledger(System.getenv(), System.out, System.err).run(arguments));
    }

    int run(String... arguments) {
        return Options.read(arguments, out, err, this::run);
    }

    private int run(Options options) {
        Closing closing = new Closing();
        try (closing) {
            return serve(options, closing);
        } catch (RuntimeException e) {
            if (closing.begunByTheJvm()) {
                return 0;
            }
            Explanation explanation = Explanation.of(e);
            err.println("ledger: " + explanation.line());
            return explanation.exitCode();
        }
    }

    private int serve(Options options, Closing closing) {
        StartReport report = new StartReport(out);
        String connectionString = connectionString(report, closing);
        ConnectionString understood = ConnectionString.parse(connectionString);
        report.connectionString(connectionString, understood);
        Database database = Database.builder(understood)
                .name("ledger")
                .pool(PoolSettings.development())
                .build();
        closing.add(() -> database.close().block());
        report.warmUp(await(database.warmUp(WARM_SESSIONS)));
        new Schema(database).create().block();
        DatabaseHealth health = DatabaseHealth.of(database);
        closing.add(() -> health.close().block());
        report.health(await(health.check()));

        LedgerServer server = await(LedgerServer.start(database, health, options.port()));
        closing.add(server::stop);
        if (options.tour().isPresent()) {
            return tour(options.tour().get(), server, database);
        }
        report.invitation(server.address());
        closing.add(() -> out.println("Stopping: no new requests, those under way are answered ..."));
        server.awaitStop();
        return 0;
    }

    /** Returns the string in {@code DATABASE_URL}, or starts a server and returns its. */
    private String connectionString(StartReport report, Closing closing) {
        String given = environment.getOrDefault("DATABASE_URL", "");
        if (!given.isEmpty()) {
            report.given();
            return given;
        }
        report.embedded();
        EmbeddedServer server = EmbeddedServer.start(report::waiting);
        closing.add(server::close);
        server.stoppedByCaller();
        return server.connectionString();
    }

    private int tour(Duration duration, LedgerServer server, Database database) {
        TourReport report = await(new Tour(server.address(), database).run(duration));
        report.print(out);
        report.problems().forEach(problem -> err.println("ledger: the tour failed: " + problem));
        return report.problems().isEmpty() ? 0 : 1;
    }

    private static <T> T await(Mono<T> work) {
        return Objects.requireNonNull(work.block());
    }
}
