package io.github.r2dbcsession.health;

import io.github.r2dbcsession.DatabaseListener;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What the application met with lately: how many callers got a connection and how many did not, and the certificate that the server
 * showed last. Events are only counted; the window moves from check to check.
 */
final class Lately implements DatabaseListener {

    /**
     * What happened within a while.
     *
     * @param acquired callers who got a connection
     * @param failed callers who got none
     */
    record Acquires(long acquired, long failed, Duration within) {

        static final Acquires NONE = new Acquires(0, 0, Duration.ZERO);

        /** The share of callers who got none, from 0 to 1. */
        double failedShare() {
            return failed == 0 ? 0 : (double) failed / (acquired + failed);
        }
    }

    private record Sample(long at, long acquired, long failed) {}

    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final LongAdder acquired = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Deque<Sample> samples = new ArrayDeque<>();
    private volatile @Nullable Instant certificateExpiry;

    Lately(long now) {
        samples.add(new Sample(now, 0, 0));
    }

    @Override
    public void onAcquire(Duration wait) {
        acquired.increment();
    }

    @Override
    public void onAcquireFailure(Throwable failure, Duration wait) {
        failed.increment();
    }

    @Override
    public void onServerCertificate(X509Certificate certificate) {
        certificateExpiry = certificate.getNotAfter().toInstant();
    }

    Optional<Instant> certificateExpiry() {
        return Optional.ofNullable(certificateExpiry);
    }

    /** What happened since the oldest check of the last minute, or since the last check when that is longer ago. One at a time. */
    Acquires acquires(long now) {
        Sample newest = new Sample(now, acquired.sum(), failed.sum());
        while (samples.size() > 1 && now - samples.getFirst().at > WINDOW.toNanos()) {
            samples.removeFirst();
        }
        Sample oldest = samples.getFirst();
        samples.addLast(newest);
        return new Acquires(
                newest.acquired - oldest.acquired,
                newest.failed - oldest.failed,
                Duration.ofNanos(newest.at - oldest.at));
    }
}
