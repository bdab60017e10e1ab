package io.github.r2dbcsession.health;

import java.time.Duration;

/** What answers are measured against. Immutable. */
record HealthLimits(Duration timeout, Duration degradedAbove, Duration warnAbove) {

    HealthLimits {
        if (warnAbove.compareTo(degradedAbove) > 0) {
            throw new IllegalArgumentException("warnAbove must be at most degradedAbove, was " + warnAbove.toMillis()
                    + " ms with degradedAbove " + degradedAbove.toMillis() + " ms");
        }
        if (degradedAbove.compareTo(timeout) >= 0) {
            throw new IllegalArgumentException(
                    "degradedAbove must be below timeout, or no answer could be told degraded, was "
                            + degradedAbove.toMillis() + " ms with timeout " + timeout.toMillis() + " ms");
        }
    }
}
