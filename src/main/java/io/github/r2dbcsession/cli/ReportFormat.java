package io.github.r2dbcsession.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.r2dbcsession.cli.Report.Finding;
import io.github.r2dbcsession.cli.Report.Section;
import io.github.r2dbcsession.health.HealthStatus;
import java.util.Locale;

/** How a report is written. */
enum ReportFormat {
    TEXT {
        @Override
        String write(Report report) {
            StringBuilder text = new StringBuilder();
            for (Section section : report.sections()) {
                text.append(section.title()).append('\n');
                section.facts().forEach(fact -> text.append("  %-20s%s%n".formatted(fact.name(), fact.value())));
            }
            text.append("findings\n");
            if (report.findings().isEmpty()) {
                text.append("  none\n");
            }
            for (Finding finding : report.findings()) {
                text.append("  %-20s%s: %s (limit: %s)%n"
                        .formatted(word(finding.status()), finding.code(), finding.measured(), finding.limit()));
                text.append("  %-20s%s%n".formatted("", finding.remedy()));
            }
            return text.append("result: ").append(report.status()).append('\n').toString();
        }
    },

    JSON {
        @Override
        String write(Report report) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("status", report.status().name());
            ObjectNode sections = json.putObject("sections");
            for (Section section : report.sections()) {
                var facts = sections.putArray(section.title());
                section.facts()
                        .forEach(fact ->
                                facts.addObject().put("name", fact.name()).put("value", fact.value()));
            }
            var findings = json.putArray("findings");
            for (Finding finding : report.findings()) {
                findings.addObject()
                        .put("status", finding.status().name())
                        .put("code", finding.code())
                        .put("measured", finding.measured())
                        .put("limit", finding.limit())
                        .put("remedy", finding.remedy());
            }
            return json.toPrettyString() + "\n";
        }
    },

    MARKDOWN {
        @Override
        String write(Report report) {
            StringBuilder text = new StringBuilder("# Connection report: " + report.status() + "\n");
            text.append("\n## findings\n\n");
            if (report.findings().isEmpty()) {
                text.append("None.\n");
            }
            for (Finding finding : report.findings()) {
                text.append("- **%s** `%s`: %s (limit: %s). To do: %s.%n"
                        .formatted(
                                word(finding.status()),
                                finding.code(),
                                escaped(finding.measured()),
                                escaped(finding.limit()),
                                escaped(finding.remedy())));
            }
            for (Section section : report.sections()) {
                text.append("\n## ").append(section.title()).append("\n\n| what | is |\n|---|---|\n");
                section.facts()
                        .forEach(fact -> text.append("| %s | %s |%n".formatted(fact.name(), escaped(fact.value()))));
            }
            return text.toString();
        }
    };

    abstract String write(Report report);

    private static String word(HealthStatus status) {
        return status == HealthStatus.HEALTHY ? "warning" : status.name().toLowerCase(Locale.ROOT);
    }

    /** What would be read as Markdown or HTML. */
    private static String escaped(String text) {
        return text.replaceAll("([\\\\`*_|<>\\[\\]#])", "\\\\$1");
    }
}
