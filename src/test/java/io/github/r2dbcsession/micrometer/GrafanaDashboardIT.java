package io.github.r2dbcsession.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the dashboard against what Prometheus gets to see. */
@DatabaseTest
class GrafanaDashboardIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Pattern SERIES = Pattern.compile("^([a-z0-9_]+)\\{([^}]*)}", Pattern.MULTILINE);
    private static final Pattern METRIC = Pattern.compile("(r2dbc_[a-z0-9_]+)(?:\\{([^}]*)})?");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)\\s*(?:!=|=~|=)\\s*\"");
    private static final Pattern BY = Pattern.compile("by \\(([^)]*)\\) \\(.*?(r2dbc_[a-z0-9_]+)");

    @Test
    void everyMetricAndLabelOfItExists() throws IOException {
        Map<String, Set<String>> scraped = scraped();
        List<String> expressions = expressions();

        assertThat(expressions).hasSizeGreaterThan(20);
        for (String expression : expressions) {
            Matcher metric = METRIC.matcher(expression);
            assertThat(metric.find()).as(expression).isTrue();
            assertThat(scraped).as(expression).containsKey(metric.group(1));
            Set<String> labels = scraped.get(metric.group(1));
            assertThat(labels).as(expression).containsAll(labelsOf(metric.group(2) == null ? "" : metric.group(2)));
            Matcher by = BY.matcher(expression);
            if (by.find()) {
                assertThat(labels)
                        .as(expression)
                        .containsAll(List.of(by.group(1).split(",\\s*")));
            }
        }
    }

    /** The names and labels of a scrape after real use. */
    private static Map<String, Set<String>> scraped() {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Database db = Database.builder(TestDatabase.get().url(GrafanaDashboardIT.class))
                .name("shop")
                .build();
        Map<String, Set<String>> series = new TreeMap<>();
        try (DatabaseMetrics metrics = DatabaseMetrics.of(db)) {
            metrics.bindTo(prometheus);
            db.inTransaction(tx -> tx.sql("SELECT 1").rowsUpdated()).block(LIMIT);
            Matcher line = SERIES.matcher(prometheus.scrape());
            while (line.find()) {
                series.computeIfAbsent(line.group(1), name -> new TreeSet<>()).addAll(labelsOf(line.group(2)));
            }
        } finally {
            db.close().block(LIMIT);
        }
        return series;
    }

    private static Set<String> labelsOf(String selector) {
        Set<String> labels = new TreeSet<>();
        Matcher label = LABEL.matcher(selector);
        while (label.find()) {
            labels.add(label.group(1));
        }
        return labels;
    }

    private static List<String> expressions() throws IOException {
        JsonNode dashboard = new ObjectMapper()
                .readTree(Path.of("docs/how-to/grafana-dashboard.json").toFile());
        List<String> expressions = new ArrayList<>(dashboard.findValuesAsText("expr"));
        dashboard.at("/templating/list").findValuesAsText("query").stream()
                .filter(query -> query.contains("r2dbc"))
                .forEach(expressions::add);
        return expressions;
    }
}
