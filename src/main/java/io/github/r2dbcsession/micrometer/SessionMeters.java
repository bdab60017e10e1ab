package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseListener;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.QueryOutcome;
import io.github.r2dbcsession.TransactionEnd;
import io.github.r2dbcsession.TransactionOutcome;
import io.github.r2dbcsession.pool.DisconnectReason;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.PoolExhaustedException;
import io.github.r2dbcsession.pool.PoolStats;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The figures of a database under names of the field: Spring Boot's gauges, and beside them timers and counters. Thread-safe. */
final class SessionMeters implements DatabaseListener {

    /** The timers of an operation, one for each outcome that there has been. */
    private record Operation(String name, Map<QueryOutcome, Timer> timers) {}

    private final OwnMeters meters;
    private final Tags tags;
    private final Timer acquired;
    private final Timer acquireTimedOut;
    private final Timer acquireFailed;
    private final Timer acquireCancelled;
    private final Timer released;
    private final Timer invalidated;
    private final Timer connected;
    private final Timer connectFailed;
    private final Timer recovered;
    private final Counter timeouts;
    private final Counter exhaustions;
    private final Counter leaks;
    private final Counter retries;
    private final Counter retriesRefused;
    private final Map<DisconnectReason, Counter> evictions;
    private final Map<TransactionOutcome, Timer> transactions;
    private final PerName<Operation> operations =
            new PerName<>("OTHER", name -> new Operation(name, new ConcurrentHashMap<>()));

    SessionMeters(Database database, OwnMeters meters) {
        this.meters = meters;
        this.tags = Tags.of("name", database.name());
        gauge("acquired", PoolStats::acquired, "Connections in the hands of callers");
        gauge("allocated", PoolStats::allocated, "Open connections");
        gauge("idle", PoolStats::idle, "Connections ready to be lent");
        gauge("pending", PoolStats::pending, "Callers waiting for a connection");
        gauge("max.allocated", PoolStats::maxSize, "Connections there may be at most");
        // Boot's figure for a pool that bounds its waiting callers by time and not by number.
        gauge("max.pending", stats -> Integer.MAX_VALUE, "Callers that may wait at most");
        this.acquired = acquire("acquired");
        this.acquireTimedOut = acquire("timeout");
        this.acquireFailed = acquire("failed");
        this.acquireCancelled = acquire("cancelled");
        this.released = use("released");
        this.invalidated = use("invalidated");
        this.connected = create("connected");
        this.connectFailed = create("failed");
        this.recovered =
                meters.timer("r2dbc.pool.recovery", "How long returned connections were recovered or reset", tags);
        this.timeouts = meters.counter("r2dbc.pool.timeouts", "Callers who waited up to their limit in vain", tags);
        this.exhaustions =
                meters.counter("r2dbc.pool.exhaustions", "Those of them for whom every connection was in use", tags);
        this.leaks = meters.counter("r2dbc.pool.leaks", "Connections suspected not to come back", tags);
        this.evictions = each(
                DisconnectReason.class,
                reason ->
                        meters.counter("r2dbc.pool.evictions", "Connections closed", tags.and("reason", word(reason))));
        this.transactions = each(
                TransactionOutcome.class,
                outcome -> meters.timer(
                        "r2dbc.transaction", "How long transactions took", tags.and("outcome", word(outcome))));
        this.retries = retry("retried");
        this.retriesRefused = retry("refused");
    }

    private void gauge(String name, ToDoubleFunction<PoolStats> figure, String description) {
        meters.gauge("r2dbc.pool." + name, "connections", description, tags, figure);
    }

    private Timer acquire(String outcome) {
        return meters.timer(
                "r2dbc.pool.acquire",
                "How long callers waited for a connection, connecting included",
                tags.and("outcome", outcome));
    }

    private Timer use(String outcome) {
        return meters.timer("r2dbc.pool.use", "How long callers had a connection", tags.and("outcome", outcome));
    }

    private Timer create(String outcome) {
        return meters.timer("r2dbc.pool.create", "How long TCP, TLS and login took", tags.and("outcome", outcome));
    }

    private Counter retry(String outcome) {
        return meters.counter("r2dbc.transaction.retries", "Blocks to be run again", tags.and("outcome", outcome));
    }

    /** A meter for each constant. */
    private static <E extends Enum<E>, M> Map<E, M> each(Class<E> type, Function<E, M> meter) {
        return Arrays.stream(type.getEnumConstants()).collect(Collectors.toUnmodifiableMap(each -> each, meter));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void onConnect(Duration duration) {
        connected.record(duration);
    }

    @Override
    public void onConnectFailure(Throwable failure, Duration duration) {
        connectFailed.record(duration);
    }

    @Override
    public void onAcquire(Duration wait) {
        acquired.record(wait);
    }

    @Override
    public void onAcquireFailure(Throwable failure, Duration wait) {
        if (failure instanceof R2dbcTimeoutException) {
            acquireTimedOut.record(wait);
            timeouts.increment();
        } else {
            acquireFailed.record(wait);
        }
        if (failure instanceof PoolExhaustedException) {
            exhaustions.increment();
        }
    }

    @Override
    public void onAcquireCancel(Duration wait) {
        acquireCancelled.record(wait);
    }

    @Override
    public void onRecover(Duration duration) {
        recovered.record(duration);
    }

    @Override
    public void onRelease(Duration use) {
        released.record(use);
    }

    @Override
    public void onInvalidate(Duration use) {
        invalidated.record(use);
    }

    @Override
    public void onEvent(PoolEvent event) {
        if (event instanceof PoolEvent.Disconnected closed) {
            Objects.requireNonNull(evictions.get(closed.reason())).increment();
        } else if (event instanceof PoolEvent.LeakSuspected) {
            leaks.increment();
        }
    }

    @Override
    public void onQuery(QueryEnd end) {
        Operation operation = operations.of(end.query().operation());
        Timer known = operation.timers.get(end.outcome());
        (known == null ? timer(operation, end.outcome()) : known).record(end.duration());
    }

    private Timer timer(Operation operation, QueryOutcome outcome) {
        return operation.timers.computeIfAbsent(
                outcome,
                first -> meters.timer(
                        "r2dbc.query",
                        "How long statements took on their connections",
                        tags.and("operation", operation.name, "outcome", word(first))));
    }

    @Override
    public void onTransaction(TransactionEnd end) {
        Objects.requireNonNull(transactions.get(end.outcome())).record(end.duration());
    }

    @Override
    public void onRetry(Throwable failure, int retry, Duration pause) {
        retries.increment();
    }

    @Override
    public void onRetryRefused(Throwable failure, int retry) {
        retriesRefused.increment();
    }
}
