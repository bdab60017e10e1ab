package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolListener;
import io.github.r2dbcsession.pool.PoolStats;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;
import reactor.pool.PoolShutdownException;
import reactor.pool.PooledRefMetadata;
import reactor.util.context.Context;

/**
 * Lends connections. r2dbc-pool keeps them; what it leaves undone is done here: the deadline of an acquire, the gate on the way back,
 * the figures, and a close that waits. Thread-safe.
 */
public final class LeasePool {

    private static final Duration EVICTION_INTERVAL = Duration.ofSeconds(30);
    private static final Duration DRAIN_POLL = Duration.ofMillis(10);

    private final String name;
    private final PoolSettings settings;
    private final Connector connector;
    private final PoolListener listener;
    private final Gate gate;
    private final Figures figures = new Figures();
    private final Map<Connection, PhysicalConnection> pooled = new ConcurrentHashMap<>();
    private final Map<PhysicalConnection, Boolean> dedicated = new ConcurrentHashMap<>();
    private final ConnectionPool pool;
    private volatile @Nullable Throwable lastConnectFailure;
    private final Sinks.Empty<Void> closing = Sinks.empty();
    private volatile boolean closed;

    /** Sets a pool up; opens nothing. */
    public LeasePool(String name, PoolSettings settings, Connector connector, PoolListener listener) {
        this.name = name;
        this.settings = settings;
        this.connector = connector;
        this.listener = listener;
        this.gate = new Gate(settings.pooling(), settings.resetPolicy());
        this.pool = new ConnectionPool(ConnectionPoolConfiguration.builder(new Source())
                .maxSize(settings.maxSize())
                .initialSize(0)
                .acquireRetry(0)
                .backgroundEvictionInterval(EVICTION_INTERVAL)
                .customizer(this::customize)
                .build());
    }

    private void customize(PoolBuilder<Connection, ? extends PoolConfig<? extends Connection>> builder) {
        int opened = Math.max(settings.minIdle(), settings.initialSize());
        builder.releaseHandler(driver -> open(driver).map(gate::pass).orElse(Mono.empty()))
                .destroyHandler(
                        driver -> open(driver).map(PhysicalConnection::close).orElse(Mono.empty()))
                .evictionPredicate(this::isStale)
                .sizeBetween(opened, settings.maxSize(), Math.max(1, opened));
    }

    private boolean isStale(Connection driver, PooledRefMetadata metadata) {
        return open(driver).map(PhysicalConnection::isRetired).orElse(true)
                || settings.maxIdleTime()
                        .filter(limit -> metadata.idleTime() >= limit.toMillis())
                        .isPresent()
                || settings.maxLifeTime()
                        .filter(limit -> metadata.lifeTime() >= limit.toMillis())
                        .isPresent();
    }

    /**
     * Acquires a connection for one use.
     *
     * <p>Waits {@code maxAcquireTime} at most, connecting included, then fails with {@link AcquireTimeoutException}. Cancelling before
     * the lease is emitted gives everything back; afterwards releasing is the subscriber's duty. Fails with {@link PoolClosedException}
     * once the pool is closed, and with the connect's own error when a connect made for this caller fails.
     */
    public Mono<Lease> acquire() {
        return new Acquire(this, pool.create(), settings.maxAcquireTime());
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

    /** A snapshot of the figures. */
    public PoolStats stats() {
        int acquired = figures.acquired.get();
        int recovering = figures.recovering.get();
        int idle = Math.max(0, pooled.size() - acquired - recovering);
        return new PoolStats(
                name,
                acquired,
                recovering,
                idle,
                figures.connecting.get(),
                figures.pending.get(),
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
            closing.tryEmitEmpty();
            dedicated.keySet().forEach(PhysicalConnection::kill);
            return pool.disposeLater()
                    .then(noneLeft().timeout(drainTime, Mono.fromRunnable(this::killAll)))
                    .then(noneLeft())
                    .onErrorComplete();
        });
    }

    private Mono<PhysicalConnection> closedFailure() {
        return Mono.error(() -> new PoolClosedException(name));
    }

    private Mono<Void> noneLeft() {
        return Flux.interval(Duration.ZERO, DRAIN_POLL)
                .takeUntil(tick -> pooled.isEmpty() && dedicated.isEmpty() && figures.connecting.get() == 0)
                .then();
    }

    private void killAll() {
        pooled.values().forEach(PhysicalConnection::kill);
    }

    Figures figures() {
        return figures;
    }

    PoolListener listener() {
        return listener;
    }

    /** Turns what r2dbc-pool lends into a lease; empty when the connection has closed meanwhile. */
    Optional<Lease> lease(Connection connection) {
        if (!(connection instanceof Wrapped<?> wrapped) || !(wrapped.unwrap() instanceof Connection driver)) {
            throw new IllegalArgumentException("not a pooled connection: " + connection.getClass());
        }
        return open(driver)
                .map(physical -> new Lease(physical, gate, Mono.from(connection.close()), figures, listener));
    }

    void takeBack(Connection connection) {
        Mono.from(connection.close()).onErrorComplete().subscribe();
    }

    Throwable translate(Throwable failure) {
        return failure instanceof PoolShutdownException ? new PoolClosedException(name) : failure;
    }

    /**
     * Whether r2dbc-pool found the connection it was about to lend closed. It says so by an error without SQLSTATE, which a failed
     * connect of ours always has.
     */
    boolean foundClosed(Throwable failure) {
        return !closed
                && failure instanceof R2dbcNonTransientResourceException resource
                && resource.getSqlState() == null;
    }

    Throwable outOfTime(Duration limit) {
        return new AcquireTimeoutException(stats(), limit, lastConnectFailure);
    }

    private Optional<PhysicalConnection> open(Connection driver) {
        return Optional.ofNullable(pooled.get(driver)).filter(PhysicalConnection::isOpen);
    }

    /** What the pool connects by. The Context of the caller who happens to start a connect is none of the connection's business. */
    private final class Source implements ConnectionFactory {

        @Override
        public Publisher<? extends Connection> create() {
            return Mono.defer(() -> {
                        figures.connecting.incrementAndGet();
                        return Mono.firstWithSignal(
                                        connector.connect(), closing.asMono().then(closedFailure()))
                                .doFinally(signal -> figures.connecting.decrementAndGet());
                    })
                    .doOnError(failure -> lastConnectFailure = failure)
                    .map(this::register)
                    .contextWrite(borrower -> Context.empty());
        }

        private Connection register(PhysicalConnection connection) {
            lastConnectFailure = null;
            pooled.put(connection.driver(), connection);
            connection.onClose(() -> pooled.remove(connection.driver()));
            return connection.driver();
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return () -> "PostgreSQL";
        }
    }
}
