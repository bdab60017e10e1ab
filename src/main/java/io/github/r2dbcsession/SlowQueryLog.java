package io.github.r2dbcsession;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs statements that take long, as warnings of the logger of this class: their name, time, rows and outcome, and their text with
 * placeholders, without literals, cut at 1,000 characters. No value that was bound is in it. Thread-safe.
 *
 * <pre>{@code
 * db.listen(SlowQueryLog.of(db, Duration.ofMillis(500)).withPlans());
 * }</pre>
 *
 * <p>At most ten are logged a second; the next line then says how many were not.
 */
public final class SlowQueryLog implements DatabaseListener {

    private static final Logger log = LoggerFactory.getLogger(SlowQueryLog.class);
    private static final int LINES_A_SECOND = 10;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long BETWEEN_PLANS = 10 * SECOND;

    /** How often a connection is looked for that is idle, after the statement's own has had the time to be. */
    private static final int LOOKS = 20;

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    private final Database database;
    private final Duration threshold;
    private final boolean plans;
    private final AtomicLong second = new AtomicLong(System.nanoTime());
    private final AtomicInteger lines = new AtomicInteger();
    private final AtomicInteger unsaid = new AtomicInteger();
    private final AtomicLong nextPlan = new AtomicLong(System.nanoTime());

    private SlowQueryLog(Database database, Duration threshold, boolean plans) {
        this.database = database;
        this.threshold = threshold;
        this.plans = plans;
    }

    /**
     * Returns a log for {@link Database#listen}.
     *
     * @param threshold how long a statement may take on its connection; positive
     */
    public static SlowQueryLog of(Database database, Duration threshold) {
        if (threshold.isZero() || threshold.isNegative()) {
            throw new IllegalArgumentException("threshold must be positive, was " + threshold);
        }
        return new SlowQueryLog(Objects.requireNonNull(database, "database"), threshold, false);
    }

    /**
     * Returns one that also asks for the plan and logs it when it has come, as {@link QueryStart#plan} does, behind the caller's back and at
     * most every 10 s. The statement is never run again.
     */
    public SlowQueryLog withPlans() {
        return new SlowQueryLog(database, threshold, true);
    }

    @Override
    public void onQuery(QueryEnd end) {
        if (end.duration().compareTo(threshold) < 0) {
            return;
        }
        if (mayLog()) {
            log(end);
        } else {
            unsaid.incrementAndGet();
        }
        if (plans && mayAskForPlan()) {
            logPlan(end.query());
        }
    }

    private void log(QueryEnd end) {
        int skipped = unsaid.getAndSet(0);
        log.warn(
                "{}: {} took {} ms ({}, {} rows): {}{}",
                database.name(),
                end.query().operation(),
                end.duration().toMillis(),
                end.outcome().name().toLowerCase(Locale.ROOT)
                        + end.sqlState().map(state -> " " + state).orElse(""),
                end.rows(),
                end.query().statement(),
                skipped == 0 ? "" : "; " + skipped + " more were slow and are not logged");
    }

    private boolean mayLog() {
        long begun = second.get();
        long now = System.nanoTime();
        if (now - begun >= SECOND && second.compareAndSet(begun, now)) {
            lines.set(0);
        }
        return lines.incrementAndGet() <= LINES_A_SECOND;
    }

    private boolean mayAskForPlan() {
        long due = nextPlan.get();
        long now = System.nanoTime();
        return now - due >= 0 && nextPlan.compareAndSet(due, now + BETWEEN_PLANS);
    }

    private void logPlan(QueryStart query) {
        query.plan(database)
                .delaySubscription(BETWEEN_LOOKS)
                .repeatWhenEmpty(LOOKS, empty -> empty.delayElements(BETWEEN_LOOKS))
                .subscribe(
                        plan -> log.warn("{}: plan of {}:\n{}", database.name(), query.operation(), plan),
                        failure -> log.debug(
                                "{}: no plan of {}: {}",
                                database.name(),
                                query.operation(),
                                failure.getClass().getName()));
    }
}
