package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Condemnation;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.internal.connection.SignOfLife;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.DisconnectReason;
import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.PoolStats;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolConfig;
import reactor.util.context.Context;

/**
 * Lends connections. r2dbc-pool keeps the idle ones and hands them to those who wait, in turn; when to connect ({@link Supply}), what to
 * close ({@link ServiceTime}, {@link Keeper}), the deadline of an acquire ({@link WaitingLine}) and the way back ({@link Gate}) are
 * decided here. Thread-safe.
 */
public final class LeasePool {

    private static final Duration EVICTION_INTERVAL = Duration.ofSeconds(30);

    private final String name;
    private final Connector connector;
    private final Audience listener;
    private final Gate gate;
    private final Figures figures = new Figures();
    private final Fleet fleet = new Fleet();
    private final WaitingLine line = new WaitingLine();
    private final Dedicated dedicated;
    private final ServiceTime serviceTime;
    private final ConnectionPool pool;
    private final Supply supply;
    private final Keeper keeper;
    private volatile PoolSettings settings;
    private final Drain drain;
    private final Lending lending = new Lending();
    private final PoolFailures failures = new PoolFailures(this);
    private final AtHand atHand;

    /** Sets a pool up; opens nothing. */
    public LeasePool(String name, PoolSettings settings, Connector connector, Audience listener) {
        this.name = name;
        this.settings = settings;
        this.connector = connector;
        this.listener = listener;
        this.gate = new Gate(settings.pooling(), settings.resetPolicy());
        this.dedicated = new Dedicated(connector, settings.resetPolicy());
        this.serviceTime = new ServiceTime(fleet, this::settings);
        this.atHand = new AtHand(line, serviceTime, () -> settings.pooling() && !lending.isClosed());
        this.pool = new ConnectionPool(ConnectionPoolConfiguration.builder(new Source(this::connect))
                .initialSize(0)
                .acquireRetry(0)
                .backgroundEvictionInterval(EVICTION_INTERVAL)
                .customizer(this::customize)
                .build());
        this.supply = new Supply(line, fleet, this::settings, pool.warmup(), this::wakeBorrowers);
        this.keeper = new Keeper(fleet, supply, serviceTime, new Watch(this, fleet, line), this::settings);
        this.drain = new Drain(name, fleet, this::isNothingOut, this::end);
    }

    private void customize(PoolBuilder<Connection, ? extends PoolConfig<? extends Connection>> builder) {
        builder.releaseHandler(held -> gate.pass(((Pooled) held).connection()))
                .destroyHandler(held -> ((Pooled) held).connection().close())
                .evictionPredicate((held, metadata) -> serviceTime.isOver((Pooled) held))
                .allocationStrategy(new Growth(() -> settings.maxSize()));
    }

    /** Connects for the pool. The Context of the attempt is none of the connection's business. */
    private Mono<Connection> connect() {
        return Mono.deferContextual(context -> {
            keeper.start();
            int generation = fleet.generation();
            Attempt attempt = context.get(Attempt.class);
            return attempt.run(connector.connect())
                    .<Connection>map(connection -> join(connection, generation))
                    .contextWrite(any -> Context.of(SignOfLife.class, attempt));
        });
    }

    private Pooled join(PhysicalConnection connection, int generation) {
        Pooled pooled = new Pooled(connection, generation, atHand);
        fleet.join(pooled, this::closed);
        connection.condemned().filter(Condemnation::wholeServer).subscribe(condemnation -> retire(pooled));
        // It may have come just when the pool ended.
        if (lending.isClosed()) {
            connection.kill();
        }
        return pooled;
    }

    private void closed(Pooled pooled) {
        atHand.drop(pooled);
        listener.onEvent(new PoolEvent.Disconnected(
                name, lending.isClosed() ? DisconnectReason.CLOSED : serviceTime.reason(pooled), pooled.age()));
        supply.serve();
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
     *
     * @param callSite who asks
     * @param holding whether the caller has a connection already and needs this one to get done with that: it is lent to even while
     *     lending is suspended, or the pool is drained
     */
    public Mono<Lease> acquire(CallSite callSite, boolean holding) {
        return new Acquire(this, source(), settings.maxAcquireTime(), callSite, holding);
    }

    /** Acquires a connection for a caller of no name, who holds none. */
    public Mono<Lease> acquire() {
        return acquire(CallSite.UNKNOWN, false);
    }

    /** Where connections come from: r2dbc-pool's idle ones, and those that are given back. */
    Mono<? extends Connection> source() {
        return pool.create();
    }

    /** Connects outside the pool; releasing the lease closes the connection. Fails as a connect does. */
    public Mono<Lease> dedicated() {
        return Mono.defer(() -> lending.refuses(false) ? Mono.error(failures.closed()) : dedicated.lease());
    }

    /** Closes every idle connection, and each that is out when it comes back; emits how many were idle. Never fails. */
    public Mono<Integer> evictIdle() {
        return Mono.fromSupplier(() -> {
            int idle = fleet.idle();
            fleet.retire(fleet.generation());
            return idle;
        });
    }

    /** Changes how many connections there may be, and nothing else. What is too much by then is closed when it is idle or comes back. */
    public void resize(int size, int maxOverflow) {
        settings = settings.resized(size, maxOverflow);
        listener.onEvent(new PoolEvent.Resized(name, size, maxOverflow));
        fleet.closeIdle(serviceTime::isOver);
        supply.serve();
    }

    /**
     * Lends nothing until {@link #resume()}, but to those who hold a connection already: acquires wait, within their deadlines. Completes
     * when every connection has come back.
     */
    public Mono<Void> suspend() {
        return Mono.defer(() -> {
            if (lending.suspend()) {
                listener.onEvent(new PoolEvent.Suspended(name));
            }
            return Drain.until(this::isNothingOut);
        });
    }

    /** Lends again. */
    public void resume() {
        if (lending.resume()) {
            listener.onEvent(new PoolEvent.Resumed(name));
            line.forEach(WaitingLine.Place::resume);
        }
    }

    /** Who has the connections that are out, the longest first. */
    public List<Holder> holders() {
        return fleet.leases().stream().map(Lease::holder).toList();
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
     * Closes the pool: acquires fail, except those of callers who hold a connection, leases out are waited for, and those not back within
     * the limit lose their connections. Completes when no connection is left. Never fails, and a cancel changes nothing. The shortest
     * limit counts where it is called more than once.
     */
    public Mono<DrainReport> close(Duration limit) {
        return Mono.defer(() -> {
            Mono<DrainReport> report = drain.within(limit);
            if (lending.drain()) {
                drain.begin(refuseThoseWhoWait());
            }
            return report;
        });
    }

    /** Emits what became of it once it has been closed. */
    public Mono<DrainReport> closed() {
        return drain.ended();
    }

    private int refuseThoseWhoWait() {
        AtomicInteger refused = new AtomicInteger();
        line.forEach(place -> {
            if (!place.isHolding()) {
                refused.incrementAndGet();
                place.giveUp(failures.closed());
            }
        });
        return refused.get();
    }

    /** The end of the drain: closes what is left. */
    private Mono<Void> end(DrainReport report) {
        lending.close();
        keeper.stop();
        supply.end(failures.closed());
        line.forEach(place -> place.giveUp(failures.closed()));
        dedicated.kill();
        atHand.clear();
        return fleet.cutOff(pooled -> pooled.lease() != null)
                .then(pool.disposeLater().onErrorComplete())
                // One that was made meanwhile is known to the fleet only.
                .doOnTerminate(() -> fleet.killThose(pooled -> true))
                .then(Drain.until(() -> fleet.size() == 0 && dedicated.isEmpty() && supply.connecting() == 0))
                .doOnTerminate(() -> listener.onEvent(new PoolEvent.Drained(name, report)));
    }

    private boolean isNothingOut() {
        return figures.acquired.get() == 0 && figures.recovering.get() == 0;
    }

    Lending lending() {
        return lending;
    }

    AtHand atHand() {
        return atHand;
    }

    String name() {
        return name;
    }

    PoolFailures failures() {
        return failures;
    }

    int maxPending() {
        return settings.maxPendingAcquire();
    }

    /** The settings now. */
    public PoolSettings settings() {
        return settings;
    }

    WaitingLine line() {
        return line;
    }

    Supply supply() {
        return supply;
    }

    Audience listener() {
        return listener;
    }

    /** Lends what r2dbc-pool has handed out; null when the connection is no longer to be had, and has been given back. */
    @Nullable
    Lease lease(Pooled pooled, CallSite callSite) {
        Lease lease = new Lease(pooled.connection(), gate, pooled, figures, listener, callSite);
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
}
