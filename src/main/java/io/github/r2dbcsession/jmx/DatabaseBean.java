package io.github.r2dbcsession.jmx;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.health.HealthReport;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Answers from a snapshot. Thread-safe. */
final class DatabaseBean implements DatabaseMXBean {

    private final Database database;
    private final @Nullable DatabaseHealth health;
    private volatile @Nullable HealthReport last;

    DatabaseBean(Database database, @Nullable DatabaseHealth health) {
        this.database = database;
        this.health = health;
    }

    @Override
    public String getName() {
        return database.name();
    }

    @Override
    public int getAcquired() {
        return database.stats().acquired();
    }

    @Override
    public int getRecovering() {
        return database.stats().recovering();
    }

    @Override
    public int getIdle() {
        return database.stats().idle();
    }

    @Override
    public int getConnecting() {
        return database.stats().connecting();
    }

    @Override
    public int getPending() {
        return database.stats().pending();
    }

    @Override
    public int getMaxSize() {
        return database.stats().maxSize();
    }

    @Override
    public double getUtilization() {
        return database.stats().utilization();
    }

    @Override
    public List<String> getHolders() {
        return database.holders().stream()
                .map(holder ->
                        holder.held().toMillis() + " ms by " + holder.acquiredAt() + ": " + holder.lastStatement())
                .toList();
    }

    @Override
    public String getHealth() {
        if (health != null) {
            health.check().subscribe(report -> last = report);
        }
        HealthReport report = last;
        return report == null ? "" : report.status().name();
    }

    @Override
    public double getHealthScore() {
        HealthReport report = last;
        return report == null ? Double.NaN : report.score();
    }

    @Override
    public List<String> getHealthFindings() {
        HealthReport report = last;
        return report == null
                ? List.of()
                : report.findings().stream()
                        .map(finding -> finding.code() + ": " + finding.measured() + "; " + finding.remedy())
                        .toList();
    }

    @Override
    public int evictIdle() {
        AtomicInteger evicted = new AtomicInteger();
        database.evictIdle().subscribe(evicted::set);
        return evicted.get();
    }

    @Override
    public void suspend() {
        database.suspend().subscribe();
    }

    @Override
    public void resume() {
        database.resume().subscribe();
    }
}
