package io.github.r2dbcsession.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.r2dbcsession.health.HealthDetails;
import io.github.r2dbcsession.health.HealthFinding;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import io.github.r2dbcsession.pool.PoolStats;
import java.util.concurrent.TimeUnit;

/** Writes reports as JSON. Immutable. */
final class HealthJson {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final boolean details;

    /**
     * Sets the form.
     *
     * @param details whether to show what outsiders need not know: names, the server's words and its details
     */
    HealthJson(boolean details) {
        this.details = details;
    }

    String live() {
        return NODES.objectNode().put("live", true).toString();
    }

    String ready(HealthReport report) {
        return NODES.objectNode()
                .put("ready", report.status() != HealthStatus.UNHEALTHY)
                .put("status", report.status().name())
                .toString();
    }

    String report(HealthReport report) {
        ObjectNode json = NODES.objectNode();
        json.put("status", report.status().name());
        json.put("score", report.score());
        json.put("time", report.time().toString());
        report.latency()
                .ifPresent(latency ->
                        json.put("latencyMillis", TimeUnit.NANOSECONDS.toMicros(latency.toNanos()) / 1000.0));
        ArrayNode findings = json.putArray("findings");
        report.findings().forEach(finding -> findings.add(finding(finding)));
        json.set("pool", pool(report.pool()));
        if (details) {
            report.details().ifPresent(told -> json.set("details", details(told)));
        }
        return json.toString();
    }

    private ObjectNode finding(HealthFinding finding) {
        ObjectNode json = NODES.objectNode()
                .put("code", finding.code().name())
                .put("status", finding.status().name())
                .put("measured", finding.measured())
                .put("limit", finding.limit())
                .put("remedy", finding.remedy());
        if (details && !finding.serverText().isEmpty()) {
            json.put("serverText", finding.serverText());
        }
        return json;
    }

    private ObjectNode pool(PoolStats pool) {
        ObjectNode json = NODES.objectNode();
        if (details) {
            json.put("name", pool.name());
        }
        return json.put("acquired", pool.acquired())
                .put("recovering", pool.recovering())
                .put("idle", pool.idle())
                .put("connecting", pool.connecting())
                .put("pending", pool.pending())
                .put("maxSize", pool.maxSize())
                .put("minIdle", pool.minIdle());
    }

    private static ObjectNode details(HealthDetails details) {
        ObjectNode json = NODES.objectNode();
        details.databaseName().ifPresent(name -> json.put("databaseName", name));
        details.serverVersion().ifPresent(version -> json.put("serverVersion", version));
        details.databaseSize().ifPresent(size -> json.put("databaseSize", size));
        details.databaseSizePretty().ifPresent(size -> json.put("databaseSizePretty", size));
        details.connections().ifPresent(connections -> json.put("connections", connections));
        details.activeConnections().ifPresent(active -> json.put("activeConnections", active));
        details.tls().ifPresent(tls -> json.put("tls", tls));
        ArrayNode notes = json.putArray("notes");
        details.notes().forEach(notes::add);
        return json;
    }
}
