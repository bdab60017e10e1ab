package io.github.r2dbcsession.example;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Secret;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.pool.WarmUp;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the program tells people while it starts. */
final class StartReport {

    private final PrintStream out;

    StartReport(PrintStream out) {
        this.out = out;
    }

    void embedded() {
        line("database", "a PostgreSQL of its own, gone when this stops (DATABASE_URL is not set)");
    }

    void given() {
        line("database", "the one in DATABASE_URL; only schema " + Schema.NAME + " is used, and it is never dropped");
    }

    /** Says what is being waited for. */
    void waiting(String what) {
        line("", what + " ...");
    }

    /** Shows a connection string as it was given and as it was understood, without its password. */
    void connectionString(String given, ConnectionString understood) {
        line("given", masked(given, understood));
        line("read as", understood.toString());
        line("sslmode", understood.sslMode() + ": " + understood.sslMode().meaning());
        understood.warnings().forEach(warning -> line("warning", warning));
    }

    /** Puts stars for the password; where it is not seen to be gone then, as when it is percent-encoded, shows nothing. */
    private static String masked(String given, ConnectionString understood) {
        String password = understood.password().map(Secret::reveal).orElse("");
        if (password.isEmpty() && understood.sslPassword().isEmpty()) {
            return given;
        }
        String masked = given.replace(":" + password + "@", ":***@").replace("password=" + password, "password=***");
        boolean gone = !masked.equals(given) && !masked.contains(password);
        return gone && understood.sslPassword().isEmpty() ? masked : "(not shown: its password is not plain to see)";
    }

    void warmUp(WarmUp warmUp) {
        String times = warmUp.times().stream().map(StartReport::millis).collect(Collectors.joining(" "));
        line("warm-up", warmUp.opened() + "/" + warmUp.requested() + " sessions open, after " + times + " ms");
    }

    void health(HealthReport health) {
        line(
                "health",
                String.format(
                        Locale.ROOT,
                        "%s, score %.2f, latency %s",
                        health.status(),
                        health.score(),
                        health.latency().map(latency -> millis(latency) + " ms").orElse("unknown")));
    }

    /** Says what can be done with a ledger that listens at an address. */
    void invitation(String address) {
        out.printf("""

                The ledger listens on %1$s. Try it:

                  curl -s %1$s/accounts -d '{"owner": "Ada", "balance": 100.00}'
                  curl -s %1$s/accounts -d '{"owner": "Grace", "balance": 20.00}'
                  curl -s %1$s/accounts
                  curl -s %1$s/accounts/1
                  curl -s %1$s/transfers -d '{"from": 1, "to": 2, "amount": 25.00}'
                  curl -s %1$s/accounts/1/statement
                  curl -s %1$s/health
                  curl -s %1$s/metrics

                Ctrl-C stops it.
                """, address);
    }

    private void line(String name, String text) {
        out.printf("%-10s%s%n", name, text);
    }

    private static String millis(Duration duration) {
        return Long.toString(Math.round(duration.toNanos() / 1e6));
    }
}
