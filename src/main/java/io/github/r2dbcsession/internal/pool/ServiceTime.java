package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.DisconnectReason;
import java.util.function.Supplier;

/** Knows which connections have served their time, by the settings. */
final class ServiceTime {

    private final Fleet fleet;
    private final Supplier<PoolSettings> settings;

    ServiceTime(Fleet fleet, Supplier<PoolSettings> settings) {
        this.fleet = fleet;
        this.settings = settings;
    }

    /** Whether a connection must not be lent again. */
    boolean isOver(Pooled pooled) {
        PoolSettings now = settings.get();
        return !pooled.connection().isOpen()
                || pooled.isLeaving()
                || pooled.connection().isRetired()
                || fleet.isOutdated(pooled)
                || now.maxLifeTime()
                        .filter(limit -> pooled.isOlderThan(limit.toNanos()))
                        .isPresent()
                || fleet.exceeds(now.maxSize());
    }

    /** Whether an idle connection is more than is kept. */
    boolean isSurplus(Pooled pooled) {
        PoolSettings now = settings.get();
        long idle = pooled.idleNanos();
        boolean overflow =
                fleet.exceeds(now.size()) && idle >= now.maxOverflowIdleTime().toNanos();
        boolean unused =
                now.maxIdleTime().filter(limit -> idle >= limit.toNanos()).isPresent();
        return (overflow || unused) && fleet.idle() > now.minIdle();
    }

    /** Why a connection has been closed. */
    DisconnectReason reason(Pooled pooled) {
        PoolSettings now = settings.get();
        if (pooled.connection().wasLost()) {
            return DisconnectReason.LOST;
        }
        if (pooled.connection().isRetired()) {
            return DisconnectReason.RETIRED;
        }
        if (fleet.isOutdated(pooled)) {
            return DisconnectReason.EVICTED;
        }
        if (now.maxLifeTime()
                .filter(limit -> pooled.isOlderThan(limit.toNanos()))
                .isPresent()) {
            return DisconnectReason.LIFE_TIME;
        }
        if (fleet.staying() >= now.maxSize()) {
            return DisconnectReason.RESIZED;
        }
        if (pooled.cameBack()) {
            return DisconnectReason.NOT_REUSABLE;
        }
        return pooled.isLeaving() ? DisconnectReason.IDLE : DisconnectReason.LOST;
    }
}
