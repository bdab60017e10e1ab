package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Condemnation;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolListener;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.pool.TooManyPendingException;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;
import reactor.pool.PoolShutdownException;
import reactor.util.context.Context;

/**
 * Lends connections. r2dbc-pool keeps the idle ones and hands them to those who wait, in turn; when to connect ({@link Supply}), what to
 * close ({@link ServiceTime}, {@link Keeper}), the deadline of an acquire ({@link WaitingLine}) and the way back ({@link Gate}) are
 * decided here. Thread-safe.
 */
public final class LeasePool {

    private static final Duration EVICTION_INTERVAL = Duration.ofSeconds(30);
    private static final Duration DRAIN_POLL = Duration.ofMillis(10);

    private final String name;
    private final Connector connector;
    private final PoolListener listener;
    private final Gate gate;
    private final Figures figures = new Figures();
    private final Fleet fleet = new Fleet();
    private final WaitingLine line = new WaitingLine();
    private final Map<PhysicalConnection, Boolean> dedicated = new ConcurrentHashMap<>();
    private final Sinks.Empty<Void> closing = Sinks.empty();
    private final ServiceTime serviceTime;
    private final ConnectionPool pool;
    private final Supply supply;
    private final Keeper keeper;
    private volatile PoolSettings settings;
    private volatile boolean suspended;
    private volatile boolean closed;

    /** Sets a pool up; opens nothing. */
    public LeasePool(String name, PoolSettings settings, Connector connector, PoolListener listener) {
        this.name = name;
        this.settings = settings;
        this.connector = connector;
        this.listener = listener;
        this.gate = new Gate(settings.pooling(), settings.resetPolicy());
        this.serviceTime = new ServiceTime(fleet, this::settings);
        this.pool = new ConnectionPool(ConnectionPoolConfiguration.builder(new Source(this::connect))
                .initialSize(0)
                .acquireRetry(0)
                .backgroundEvictionInterval(EVICTION_INTERVAL)
                .customizer(this::customize)
                .build());
        this.supply = new Supply(line, fleet, this::settings, pool.warmup(), this::wakeBorrowers);
        this.keeper = new Keeper(fleet, supply, serviceTime, this::settings);
    }

    private void customize(PoolBuilder<Connection, ? extends PoolConfig<? extends Connection>> builder) {
        builder.releaseHandler(held -> gate.pass(((Pooled) held).connection()))
                .destroyHandler(held -> ((Pooled) held).connection().close())
                .evictionPredicate((held, metadata) -> serviceTime.isOver((Pooled) held))
                .allocationStrategy(new Growth(() -> settings.maxSize()));
    }

    /** Connects for the pool. The Context of the attempt is none of the connection's business. */
    private Mono<Connection> connect() {
        return Mono.deferContextual(attempt -> {
            keeper.start();
            int generation = fleet.generation();
            Mono<PhysicalConnection> connect = connector.connect();
            return Mono.firstWithSignal(
                            attempt.hasKey(Supply.HURRIED) ? connect.timeout(Supply.HURRIED_LIMIT) : connect,
                            closing.asMono().then(closedFailure()))
                    .<Connection>map(connection -> join(connection, generation))
                    .contextWrite(context -> Context.empty());
        });
    }

    private Pooled join(PhysicalConnection connection, int generation) {
        Pooled pooled = new Pooled(connection, generation);
        fleet.join(pooled, supply::serve);
        connection.condemned().filter(Condemnation::wholeServer).subscribe(condemnation -> retire(pooled));
        if (closed) {
            connection.kill();
        }
        return pooled;
    }

    /** Something speaks against the server: connections as old as this one are not to be trusted. */
    private void retire(Pooled pooled) {
        supply.doubt();
        fleet.retire(pooled.generation());
    }

    /**
     * r2dbc-pool does not look at who waits when a connection has been made, but does when one comes, so one does and leaves at once. Who
     * has asked and is not in the line yet needs that too.
     */
    private void wakeBorrowers() {
        pool.create().subscribe(this::takeBack, failure -> {}).dispose();
    }

    /**
     * Acquires a connection for one use.
     *
     * <p>Waits {@code maxAcquireTime} at most, connecting included, then fails with {@link AcquireTimeoutException}. Cancelling before
     * the lease is emitted gives everything back; afterwards releasing is the subscriber's duty. Fails with {@link PoolClosedException}
     * once the pool is closed, and with a connect's own error when it is of a kind that time does not mend, or the server has not been
     * reached yet at all.
     */
    public Mono<Lease> acquire() {
        return new Acquire(this, source(), settings.maxAcquireTime());
    }

    /** Where connections come from: r2dbc-pool's idle ones, and those that are given back. */
    Mono<? extends Connection> source() {
        return pool.create();
    }

    /** Connects outside the pool; releasing the lease closes the connection. Fails as a connect does. */
    public Mono<Lease> dedicated() {
        return Mono.defer(() -> closed ? closedFailure() : connector.connect()).map(connection -> {
            dedicated.put(connection, true);
            connection.onClose(() -> dedicated.remove(connection));
            Gate closing = new Gate(false, settings.resetPolicy());
            return new Lease(connection, closing, closing.pass(connection), new Figures(), new PoolListener() {});
        });
    }

    /** Closes every idle connection, and each that is out when it comes back; emits how many were idle. Never fails. */
    public Mono<Integer> evictIdle() {
        return Mono.fromSupplier(() -> {
            int idle = fleet.idle();
            fleet.retire(fleet.generation());
            return idle;
        });
    }

    /** Changes how many connections there may be. What is too much by then is closed when it is idle or comes back. */
    public void resize(PoolSettings newSettings) {
        settings = newSettings;
        fleet.closeIdle(serviceTime::isOver);
        supply.serve();
    }

    /** Lends nothing until {@link #resume()}: acquires wait, within their deadlines. */
    public void suspend() {
        suspended = true;
    }

    /** Lends again. */
    public void resume() {
        suspended = false;
        line.forEach(WaitingLine.Place::resume);
    }

    /** A snapshot of the figures. */
    public PoolStats stats() {
        return new PoolStats(
                name,
                figures.acquired.get(),
                figures.recovering.get(),
                fleet.idle(),
                supply.connecting(),
                line.size(),
                settings.maxSize(),
                settings.minIdle());
    }

    /**
     * Closes the pool: acquires fail, idle connections are closed at once, leases out are waited for, and those not back in time lose
     * their connections. Completes when no connection is left. Never fails.
     */
    public Mono<Void> close(Duration drainTime) {
        return Mono.defer(() -> {
            closed = true;
            suspended = false;
            keeper.stop();
            supply.end();
            closing.tryEmitEmpty();
            dedicated.keySet().forEach(PhysicalConnection::kill);
            line.forEach(place -> place.giveUp(new PoolClosedException(name)));
            return pool.disposeLater()
                    .then(noneLeft().timeout(drainTime, Mono.fromRunnable(fleet::killAll)))
                    .then(noneLeft())
                    .onErrorComplete();
        });
    }

    private <T> Mono<T> closedFailure() {
        return Mono.error(() -> new PoolClosedException(name));
    }

    private Mono<Void> noneLeft() {
        return Flux.interval(Duration.ZERO, DRAIN_POLL)
                .takeUntil(tick -> fleet.size() == 0 && dedicated.isEmpty() && supply.connecting() == 0)
                .then();
    }

    int maxPending() {
        return settings.maxPendingAcquire();
    }

    PoolSettings settings() {
        return settings;
    }

    WaitingLine line() {
        return line;
    }

    Supply supply() {
        return supply;
    }

    PoolListener listener() {
        return listener;
    }

    boolean isSuspended() {
        return suspended;
    }

    static Pooled pooled(Connection connection) {
        if (connection instanceof Wrapped<?> wrapped && wrapped.unwrap() instanceof Pooled pooled) {
            return pooled;
        }
        throw new IllegalArgumentException("not a connection of the pool: " + connection.getClass());
    }

    /** Lends what r2dbc-pool has handed out; null when the connection is no longer to be had, and has been given back. */
    @Nullable
    Lease lease(Connection connection) {
        Pooled pooled = pooled(connection);
        Lease lease = new Lease(pooled.connection(), gate, Mono.from(connection.close()), figures, listener);
        if (pooled.lend(lease)) {
            return lease;
        }
        lease.release().subscribe();
        return null;
    }

    /** A connection gave no sign of life. */
    void foundDead(Pooled pooled, Lease lease) {
        retire(pooled);
        pooled.connection().kill();
        lease.release().subscribe();
    }

    void takeBack(Connection connection) {
        Mono.defer(() -> Mono.from(connection.close())).onErrorComplete().subscribe();
    }

    Throwable translate(Throwable failure) {
        return failure instanceof PoolShutdownException ? new PoolClosedException(name) : failure;
    }

    Throwable outOfTime(Duration limit) {
        return new AcquireTimeoutException(stats(), limit, supply.lastFailure());
    }

    Throwable tooManyPending() {
        return new TooManyPendingException(stats(), maxPending());
    }
}
