package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseListener;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.pool.PoolStats;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/** The figures of a database by the semantic conventions of OpenTelemetry for database clients. Thread-safe. */
final class OpenTelemetryMeters implements DatabaseListener {

    private static final String CONNECTION = "db.client.connection.";

    /** Statements of one name; {@code completed} has the timers by command of those that did not fail. */
    private record Summary(String name, Map<String, Timer> completed) {}

    private record Failed(String command, String summary, String statusCode, String errorType) {}

    private final OwnMeters meters;
    private final Tags pool;
    private final Tags server;
    private final Timer createTime;
    private final Timer waitTime;
    private final Timer useTime;
    private final Counter timeouts;
    private final PerName<Summary> summaries =
            new PerName<>("OTHER", name -> new Summary(name, new ConcurrentHashMap<>()));
    private final PerName<String> errors = new PerName<>(Semantics.OTHER_ERROR, name -> name);
    private final Map<Failed, Timer> failed = new ConcurrentHashMap<>();

    OpenTelemetryMeters(Database database, OwnMeters meters) {
        this.meters = meters;
        this.pool = Tags.of(CONNECTION + "pool.name", database.name());
        this.server = Tags.of(Semantics.server(database));
        count("idle", PoolStats::idle);
        count("used", stats -> stats.acquired() + stats.recovering());
        gauge(
                "idle.max",
                "Idle connections that are kept at most",
                stats -> database.poolSettings().size());
        gauge("idle.min", "Idle connections that are kept at least", PoolStats::minIdle);
        gauge("max", "Connections there may be at most", PoolStats::maxSize);
        gauge("pending_requests", "Callers waiting for a connection", PoolStats::pending);
        this.timeouts = meters.counter(
                CONNECTION + "timeouts", "Callers who waited for a connection up to their limit in vain", pool);
        this.createTime = timer("create_time", "How long it took to make a connection");
        this.waitTime = timer("wait_time", "How long it took to get a connection from the pool");
        this.useTime = timer("use_time", "How long callers had a connection");
    }

    private void count(String state, ToDoubleFunction<PoolStats> figure) {
        meters.gauge(
                CONNECTION + "count",
                null,
                "Connections in the state",
                pool.and("db.client.connection.state", state),
                figure);
    }

    private void gauge(String name, String description, ToDoubleFunction<PoolStats> figure) {
        meters.gauge(CONNECTION + name, null, description, pool, figure);
    }

    private Timer timer(String name, String description) {
        return meters.timer(CONNECTION + name, description, pool);
    }

    @Override
    public void onConnect(Duration duration) {
        createTime.record(duration);
    }

    @Override
    public void onAcquire(Duration wait) {
        waitTime.record(wait);
    }

    @Override
    public void onAcquireFailure(Throwable failure, Duration wait) {
        if (failure instanceof R2dbcTimeoutException) {
            timeouts.increment();
        }
    }

    @Override
    public void onRelease(Duration use) {
        useTime.record(use);
    }

    @Override
    public void onInvalidate(Duration use) {
        useTime.record(use);
    }

    @Override
    public void onQuery(QueryEnd end) {
        Summary summary = summaries.of(end.query().operation());
        (end.failure() == null ? completed(end, summary) : failed(end, summary)).record(end.duration());
    }

    private Timer completed(QueryEnd end, Summary summary) {
        Timer known = summary.completed.get(end.query().command());
        return known == null
                ? summary.completed.computeIfAbsent(
                        end.query().command(), command -> timer(command, summary.name, "", ""))
                : known;
    }

    private Timer failed(QueryEnd end, Summary summary) {
        return failed.computeIfAbsent(
                new Failed(
                        end.query().command(),
                        summary.name,
                        errors.of(end.sqlState().orElse("")),
                        errors.of(Semantics.errorType(end))),
                how -> timer(how.command, how.summary, how.statusCode, how.errorType));
    }

    private Timer timer(String command, String summary, String statusCode, String errorType) {
        return meters.timer(
                "db.client.operation.duration",
                "Duration of database client operations",
                server.and(
                        Semantics.OPERATION, command,
                        Semantics.SUMMARY, summary,
                        Semantics.STATUS_CODE, statusCode,
                        Semantics.ERROR_TYPE, errorType));
    }
}
