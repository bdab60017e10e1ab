package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.health.HealthFinding;
import io.github.r2dbcsession.health.HealthStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What a full check found out, in the order in which it did. Not thread-safe. */
final class Report {

    /** One thing that was found out; without control characters, as a server may have said it. */
    record Fact(String name, String value) {
        Fact {
            value = printable(value);
        }
    }

    /** What was found out in one step. */
    record Section(String title, List<Fact> facts) {}

    /** What is wrong or worth a thought. */
    record Finding(HealthStatus status, String code, String measured, String limit, String remedy) {
        Finding {
            measured = printable(measured);
        }
    }

    private final List<Section> sections = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();

    /** Begins a section; facts are added to the last one. */
    void begin(String title) {
        sections.add(new Section(title, new ArrayList<>()));
    }

    void fact(String name, Object value) {
        add(new Fact(name, String.valueOf(value)));
    }

    void add(Fact fact) {
        sections.get(sections.size() - 1).facts().add(fact);
    }

    void add(HealthFinding finding) {
        find(finding.status(), finding.code().name(), finding.measured(), finding.limit(), finding.remedy());
    }

    void find(HealthStatus status, String code, String measured, String limit, String remedy) {
        findings.add(new Finding(status, code, measured, limit, remedy));
    }

    List<Section> sections() {
        return sections;
    }

    /** The findings, the worst first. */
    List<Finding> findings() {
        return findings.stream()
                .sorted(Comparator.comparing(Finding::status).reversed())
                .toList();
    }

    /** The worst status among the findings. */
    HealthStatus status() {
        return findings.stream()
                .map(Finding::status)
                .max(HealthStatus::compareTo)
                .orElse(HealthStatus.HEALTHY);
    }

    private static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", " ");
    }
}
