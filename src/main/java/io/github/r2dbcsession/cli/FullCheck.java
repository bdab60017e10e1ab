package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.health.HealthDetails;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import reactor.core.Exceptions;

/** Looks at everything that matters about a connection, from the string to the privileges, and reports what is wrong. */
final class FullCheck {

    private static final int SESSIONS = 10;
    private static final Duration LEAST_GIVE_UP = Duration.ofSeconds(2);

    private final ConnectionString string;
    private final Duration limit;
    private final int maxSize;
    private final Consumer<String> progress;
    private final Report report = new Report();

    /**
     * Prepares to look.
     *
     * @param limit how long each step may take
     * @param maxSize how large the pool is to be
     * @param progress is told of each step as it begins
     */
    FullCheck(ConnectionString string, Duration limit, int maxSize, Consumer<String> progress) {
        this.string = string;
        this.limit = limit;
        this.maxSize = maxSize;
        this.progress = progress;
    }

    /** Takes all steps, or those up to the connection where none can be had. */
    Report run() {
        begin("conversion");
        conversion();
        begin("connection");
        Check check = new Check(string, limit, report::add);
        if (!check.connect()) {
            report.find(
                    HealthStatus.UNHEALTHY,
                    "NOT_CONNECTED",
                    check.refusal(),
                    "a session within " + limit.toMillis() + " ms",
                    check.advice());
            if (isPgBouncer()) {
                report.find(
                        HealthStatus.DEGRADED,
                        "POOLER",
                        "PgBouncer stands before the server and takes few start-up parameters",
                        "all that a driver sends",
                        "in pgbouncer.ini: ignore_startup_parameters = extra_float_digits; take others out of the string");
            }
            return report;
        }
        Database db = Database.builder(string)
                .pool(PoolSettings.builder()
                        .maxSize(maxSize)
                        .maxAcquireTime(limit)
                        .build())
                .build();
        try {
            step("pooler", () -> new Pooler(db, limit, report).run(isPgBouncer()));
            step("protocols", () -> new Protocols(db, limit, report).run());
            step("server", () -> health(db));
            step("privileges", () -> Privileges.of(db, limit).tell(report, maxSize));
            step("sessions", () -> new Opening(db, limit, Math.min(SESSIONS, maxSize)).tell(report));
        } finally {
            db.close().block(limit);
        }
        return report;
    }

    private void begin(String step) {
        progress.accept(step + " ...");
        report.begin(step);
    }

    private void step(String step, Runnable work) {
        begin(step);
        try {
            work.run();
        } catch (RuntimeException failure) {
            Throwable cause = Exceptions.unwrap(failure);
            report.find(
                    HealthStatus.DEGRADED,
                    step.toUpperCase(Locale.ROOT),
                    Advice.message(cause, limit),
                    limit.toMillis() + " ms without a failure",
                    Advice.on(cause));
        }
    }

    private void conversion() {
        report.fact("before", string.source());
        report.fact("after", string);
        report.fact("sslmode", string.sslMode() + ": " + string.sslMode().meaning());
        string.warnings()
                .forEach(warning -> report.find(
                        HealthStatus.HEALTHY,
                        "CONVERSION",
                        warning,
                        "no warning",
                        "change the string where that is not what was meant"));
    }

    private void health(Database db) {
        DatabaseHealth health = DatabaseHealth.builder(db)
                .timeout(limit)
                .giveUpAfter(limit.compareTo(LEAST_GIVE_UP) > 0 ? limit : LEAST_GIVE_UP)
                .build();
        try {
            HealthReport found =
                    Objects.requireNonNull(health.checkWithDetails().block());
            found.findings().forEach(report::add);
            report.fact("score", found.score());
            found.latency().ifPresent(latency -> report.fact("latency", latency.toNanos() / 1_000 + " us"));
            found.details().ifPresent(this::details);
        } finally {
            health.close().block(limit);
        }
    }

    private void details(HealthDetails details) {
        details.serverVersion().ifPresent(version -> report.fact("version", version));
        details.databaseName().ifPresent(name -> report.fact("database", name));
        details.databaseSizePretty().ifPresent(size -> report.fact("size", size));
        details.standby().ifPresent(standby -> report.fact("role", standby ? "standby" : "primary"));
        details.replicationLag().ifPresent(lag -> report.fact("lag", lag.toMillis() + " ms"));
        details.clockSkew().ifPresent(skew -> report.fact("clock", clock(skew)));
        details.tls().ifPresent(tls -> report.fact("encrypted", tls));
        details.certificateExpiry().ifPresent(end -> report.fact("certificate", "ends at " + end));
        details.maxConnections()
                .ifPresent(most -> report.fact(
                        "connections",
                        details.connections().orElse(0) + " in this database; the server admits " + most + ", of which "
                                + details.reservedConnections().orElse(0) + " reserved; the pool may have " + maxSize));
        details.idleInTransactionSessionTimeout()
                .ifPresent(idle -> report.fact(
                        "idle limit",
                        idle.isZero() ? "none in a transaction" : idle.toMillis() + " ms in a transaction"));
        details.notes().forEach(note -> report.fact("note", note));
    }

    private static String clock(Duration skew) {
        return skew.isZero()
                ? "as ours"
                : skew.abs().toMillis() + " ms " + (skew.isNegative() ? "behind" : "ahead of") + " ours";
    }

    /** Asks the first host that can be asked. */
    private boolean isPgBouncer() {
        List<HostAndPort> hosts =
                string.hosts().stream().filter(host -> !host.isSocket()).toList();
        for (HostAndPort host : hosts) {
            try (ServerProbe probe = new ServerProbe(limit)) {
                probe.connect(InetAddress.getByName(host.host()), host);
                if (!"direct".equals(string.options().get("sslnegotiation")) && probe.offersTls()) {
                    probe.handshake(host);
                }
                String user = string.user().orElse("");
                return probe.isPgBouncer(user, string.database().orElse(user));
            } catch (IOException notThisOne) {
                // the next one may be asked
            }
        }
        return false;
    }
}
