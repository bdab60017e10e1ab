package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.DatabaseListener;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.List;

/** Times how long callers wait for a connection, apart by how it ended. Thread-safe. */
final class AcquireTimer implements DatabaseListener {

    private final Timer acquired;
    private final Timer timeout;
    private final Timer failed;
    private final Timer cancelled;

    AcquireTimer(MeterRegistry registry, Tags tags) {
        this.acquired = timer(registry, tags, "acquired");
        this.timeout = timer(registry, tags, "timeout");
        this.failed = timer(registry, tags, "failed");
        this.cancelled = timer(registry, tags, "cancelled");
    }

    private static Timer timer(MeterRegistry registry, Tags tags, String outcome) {
        return Timer.builder("r2dbc.pool.acquire")
                .tags(tags)
                .tag("outcome", outcome)
                .description("How long callers waited for a connection, connecting included")
                .register(registry);
    }

    List<Meter> meters() {
        return List.of(acquired, timeout, failed, cancelled);
    }

    @Override
    public void onAcquire(Duration wait) {
        acquired.record(wait);
    }

    @Override
    public void onAcquireFailure(Throwable failure, Duration wait) {
        (failure instanceof R2dbcTimeoutException ? timeout : failed).record(wait);
    }

    @Override
    public void onAcquireCancel(Duration wait) {
        cancelled.record(wait);
    }
}
