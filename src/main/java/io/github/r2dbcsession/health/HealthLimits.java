package io.github.r2dbcsession.health;

import io.github.r2dbcsession.config.ServerRole;
import java.time.Duration;

/** What a database is measured against. Immutable. */
final class HealthLimits {

    final Duration timeout;
    final Duration giveUpAfter;
    final Duration interval;
    final Duration detailsInterval;
    final Duration warnAbove;
    final Duration degradedAbove;
    final Duration lagAbove;
    final Duration clockSkewAbove;
    final Duration certificateWarnWithin;
    final Duration certificateDegradedWithin;
    final double errorsAbove;
    final int recoverAfter;
    final boolean primaryWanted;

    HealthLimits(DatabaseHealthBuilder builder, ServerRole role) {
        this.timeout = builder.timeout;
        this.giveUpAfter = builder.giveUpAfter;
        this.interval = builder.interval;
        this.detailsInterval = builder.detailsInterval;
        this.warnAbove = builder.warnAbove;
        this.degradedAbove = builder.degradedAbove;
        this.lagAbove = builder.lagAbove;
        this.clockSkewAbove = builder.clockSkewAbove;
        this.certificateWarnWithin = builder.certificateWarnWithin;
        this.certificateDegradedWithin = builder.certificateDegradedWithin;
        this.errorsAbove = builder.errorsAbove;
        this.recoverAfter = builder.recoverAfter;
        this.primaryWanted = builder.primaryWanted || role == ServerRole.PRIMARY || role == ServerRole.READ_WRITE;
        ordered("warnAbove", warnAbove, "degradedAbove", degradedAbove);
        ordered("degradedAbove", degradedAbove, "giveUpAfter", giveUpAfter);
        ordered("timeout", timeout, "giveUpAfter", giveUpAfter);
    }

    private static void ordered(String lesser, Duration least, String greater, Duration most) {
        if (least.compareTo(most) > 0) {
            throw new IllegalArgumentException(lesser + " must be at most " + greater + ", was " + least.toMillis()
                    + " ms with " + greater + " " + most.toMillis() + " ms");
        }
    }
}
