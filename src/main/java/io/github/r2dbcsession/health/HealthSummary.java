package io.github.r2dbcsession.health;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** The reports of several databases. Immutable. */
public final class HealthSummary {

    private final List<HealthReport> reports;

    private HealthSummary(List<HealthReport> reports) {
        this.reports = reports;
    }

    /**
     * Puts reports together, the worst first.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static HealthSummary of(Collection<HealthReport> reports) {
        if (reports.isEmpty()) {
            throw new IllegalArgumentException("reports must not be empty");
        }
        return new HealthSummary(reports.stream()
                .sorted(Comparator.comparingDouble(HealthReport::score).thenComparing(HealthReport::name))
                .toList());
    }

    /** The reports, the worst first. */
    public List<HealthReport> reports() {
        return reports;
    }

    /** The worst status among them. */
    public HealthStatus status() {
        return reports.get(0).status();
    }

    /** The lowest score among them. */
    public double score() {
        return reports.get(0).score();
    }

    /** Returns the reports, one after another on one line. */
    @Override
    public String toString() {
        return reports.stream().map(HealthReport::toString).collect(Collectors.joining("; "));
    }
}
