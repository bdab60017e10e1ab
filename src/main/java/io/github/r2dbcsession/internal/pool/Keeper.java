package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Schedulers;

/**
 * Looks after idle connections, once a second: closes those that are over or more than is kept, asks the others for a sign of life when it
 * is time, and has the missing ones made. Thread-safe.
 */
final class Keeper {

    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(1);

    private final Fleet fleet;
    private final Supply supply;
    private final ServiceTime serviceTime;
    private final Watch watch;
    private final Supplier<PoolSettings> settings;
    private final AtomicBoolean started = new AtomicBoolean();
    private final Disposable.Swap rounds = Disposables.swap();

    Keeper(Fleet fleet, Supply supply, ServiceTime serviceTime, Watch watch, Supplier<PoolSettings> settings) {
        this.fleet = fleet;
        this.supply = supply;
        this.serviceTime = serviceTime;
        this.watch = watch;
        this.settings = settings;
    }

    /** Starts the rounds, once. */
    void start() {
        if (!started.get() && started.compareAndSet(false, true)) {
            rounds.update(Schedulers.parallel()
                    .schedulePeriodically(this::round, ROUND.toMillis(), ROUND.toMillis(), TimeUnit.MILLISECONDS));
        }
    }

    /** Ends them. */
    void stop() {
        rounds.dispose();
    }

    private void round() {
        fleet.closeIdle(pooled -> serviceTime.isOver(pooled) || serviceTime.isSurplus(pooled));
        settings.get().keepAlive().ifPresent(interval -> {
            for (Pooled pooled : fleet.all()) {
                if (pooled.isIdle() && pooled.sinceAlive() >= interval.toNanos()) {
                    keepAlive(pooled);
                }
            }
        });
        supply.serve();
        watch.round();
    }

    /** A borrower who comes meanwhile has the answer read before its own. */
    private void keepAlive(Pooled pooled) {
        pooled.probe(PROBE_LIMIT).subscribe(alive -> {
            if (!alive && pooled.leave()) {
                fleet.retire(pooled.generation());
                pooled.connection().kill();
            }
        });
    }
}
