package io.github.r2dbcsession.health;

import io.github.r2dbcsession.health.HealthFinding.Code;

/** Lets a status get worse at once, and better only when it has been better for some checks in a row. For one check at a time. */
final class Steadying {

    private final int checks;
    private HealthStatus shown = HealthStatus.HEALTHY;
    private int better;

    Steadying(int checks) {
        this.checks = checks;
    }

    HealthReport steady(HealthReport measured) {
        boolean improved = measured.status().compareTo(shown) < 0;
        better = improved ? better + 1 : 0;
        if (improved && better < checks) {
            return measured.with(new HealthFinding(
                    Code.RECOVERING,
                    shown.highestScore(),
                    measured.status() + " in " + better + " checks in a row after " + shown,
                    checks + " checks in a row",
                    "wait for the next check"));
        }
        shown = measured.status();
        better = 0;
        return measured;
    }
}
