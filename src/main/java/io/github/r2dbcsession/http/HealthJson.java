package io.github.r2dbcsession.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.r2dbcsession.health.HealthDetails;
import io.github.r2dbcsession.health.HealthFinding;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Writes all there is in a report as JSON. */
final class HealthJson {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private HealthJson() {}

    /**
     * Writes a report.
     *
     * @param details whether to show what outsiders need not know: the server's words and its details
     */
    static ObjectNode report(HealthReport report, boolean details) {
        ObjectNode json = NODES.objectNode();
        json.put("health", report.status().name());
        json.put("score", report.score());
        json.put("time", report.time().toString());
        json.put("ageMillis", report.age().toMillis());
        report.latency().ifPresent(latency -> json.put("latencyMillis", millis(latency)));
        ArrayNode findings = json.putArray("findings");
        report.findings().forEach(finding -> findings.add(finding(finding, details)));
        json.set("pool", pool(report.pool()));
        if (details) {
            report.details().ifPresent(told -> json.set("server", server(told)));
        }
        return json;
    }

    /** Milliseconds in thousandths. */
    static double millis(Duration duration) {
        return TimeUnit.NANOSECONDS.toMicros(duration.toNanos()) / 1000.0;
    }

    private static ObjectNode finding(HealthFinding finding, boolean details) {
        ObjectNode json = NODES.objectNode()
                .put("code", finding.code().name())
                .put("status", finding.status().name())
                .put("score", finding.score())
                .put("measured", finding.measured())
                .put("limit", finding.limit())
                .put("remedy", finding.remedy());
        if (details && !finding.serverText().isEmpty()) {
            json.put("serverText", finding.serverText());
        }
        return json;
    }

    static ObjectNode pool(PoolStats pool) {
        return NODES.objectNode()
                .put("acquired", pool.acquired())
                .put("recovering", pool.recovering())
                .put("idle", pool.idle())
                .put("connecting", pool.connecting())
                .put("pending", pool.pending())
                .put("maxSize", pool.maxSize())
                .put("minIdle", pool.minIdle());
    }

    private static ObjectNode server(HealthDetails details) {
        ObjectNode json = NODES.objectNode();
        details.databaseName().ifPresent(name -> json.put("databaseName", name));
        details.serverVersion().ifPresent(version -> json.put("serverVersion", version));
        details.standby().ifPresent(standby -> json.put("role", standby ? "standby" : "primary"));
        details.replicationLag().ifPresent(lag -> json.put("replicationLagMillis", lag.toMillis()));
        details.clockSkew().ifPresent(skew -> json.put("clockSkewMillis", skew.toMillis()));
        details.databaseSize().ifPresent(size -> json.put("databaseSize", size));
        details.databaseSizePretty().ifPresent(size -> json.put("databaseSizePretty", size));
        details.connections().ifPresent(connections -> json.put("connections", connections));
        details.activeConnections().ifPresent(active -> json.put("activeConnections", active));
        details.maxConnections().ifPresent(most -> json.put("maxConnections", most));
        details.reservedConnections().ifPresent(reserved -> json.put("reservedConnections", reserved));
        details.idleInTransactionSessionTimeout()
                .ifPresent(limit -> json.put("idleInTransactionSessionTimeoutMillis", limit.toMillis()));
        details.tls().ifPresent(tls -> json.put("tls", tls));
        details.certificateExpiry().ifPresent(expiry -> json.put("certificateExpiry", expiry.toString()));
        ArrayNode notes = json.putArray("notes");
        details.notes().forEach(notes::add);
        return json;
    }
}
