package io.github.r2dbcsession.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.r2dbcsession.health.HealthFinding;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The forms of JSON in which health is told. */
public enum HealthFormat {

    /** As Spring Boot's Actuator tells it: {@code status}, and {@code components} with {@code details}. */
    ACTUATOR("application/vnd.spring-boot.actuator.v3+json") {
        @Override
        ObjectNode health(List<Component> components) {
            ObjectNode json = probe(up(components));
            ObjectNode each = json.putObject("components");
            components.forEach(component -> each.putObject(component.label())
                    .put("status", status(component.report()))
                    .set("details", component.data()));
            return json;
        }

        @Override
        ObjectNode probe(boolean up) {
            return NODES.objectNode().put("status", up ? UP : DOWN);
        }
    },

    /** As the IETF's draft tells it: {@code pass}, {@code warn} or {@code fail}, and {@code checks} with what was measured. */
    HEALTH_JSON("application/health+json") {
        @Override
        ObjectNode health(List<Component> components) {
            ObjectNode json = NODES.objectNode();
            json.put("status", word(worst(components).status()));
            ObjectNode checks = json.putObject("checks");
            components.forEach(component -> IetfChecks.put(component, checks));
            return json;
        }

        @Override
        ObjectNode probe(boolean up) {
            return NODES.objectNode().put("status", up ? "pass" : "fail");
        }
    },

    /** As MicroProfile Health tells it: {@code status}, and {@code checks} with flat {@code data}. */
    MICROPROFILE("application/json;profile=microprofile") {
        @Override
        ObjectNode health(List<Component> components) {
            ObjectNode json = probe(up(components));
            components.forEach(component -> json.withArray("checks")
                    .addObject()
                    .put("name", component.label())
                    .put("status", status(component.report()))
                    .set("data", flat(component)));
            return json;
        }

        @Override
        ObjectNode probe(boolean up) {
            ObjectNode json = NODES.objectNode().put("status", up ? UP : DOWN);
            json.putArray("checks");
            return json;
        }

        private ObjectNode flat(Component component) {
            HealthReport report = component.report();
            ObjectNode data = NODES.objectNode()
                    .put("health", report.status().name())
                    .put("score", report.score())
                    .put("findings", codes(report));
            report.latency().ifPresent(latency -> data.put("latencyMillis", HealthJson.millis(latency)));
            HealthJson.pool(report.pool()).properties().forEach(figure -> data.set(figure.getKey(), figure.getValue()));
            return data;
        }
    };

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String UP = "UP";
    private static final String DOWN = "DOWN";

    private final String mediaType;

    HealthFormat(String mediaType) {
        this.mediaType = mediaType;
    }

    /** The media type by which it is asked for. */
    public String mediaType() {
        return mediaType;
    }

    /** One database as it is shown. */
    record Component(String label, HealthReport report, ObjectNode data) {}

    /** Writes the health of databases, of which the worst comes first. */
    abstract ObjectNode health(List<Component> components);

    /** Writes what a liveness, readiness or startup probe is told. */
    abstract ObjectNode probe(boolean up);

    private static boolean up(List<Component> components) {
        return worst(components).status() != HealthStatus.UNHEALTHY;
    }

    private static String status(HealthReport report) {
        return report.status() == HealthStatus.UNHEALTHY ? DOWN : UP;
    }

    private static HealthReport worst(List<Component> components) {
        return components.get(0).report();
    }

    static String word(HealthStatus status) {
        return switch (status) {
            case HEALTHY -> "pass";
            case DEGRADED -> "warn";
            case UNHEALTHY -> "fail";
        };
    }

    private static String codes(HealthReport report) {
        return report.findings().stream()
                .map(HealthFinding::code)
                .map(code -> code.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    /** The checks of the IETF's draft: what was measured, by component and measurement. */
    private static final class IetfChecks {

        static void put(Component component, ObjectNode checks) {
            HealthReport report = component.report();
            ObjectNode score = check(component, "score", checks)
                    .put("observedValue", report.score())
                    .put("status", word(report.status()));
            String output = report.findings().stream()
                    .map(finding -> finding.code() + ": " + finding.measured())
                    .collect(Collectors.joining("; "));
            if (!output.isEmpty()) {
                score.put("output", output);
            }
            report.latency()
                    .ifPresent(latency -> check(component, "responseTime", checks)
                            .put("observedValue", HealthJson.millis(latency))
                            .put("observedUnit", "ms"));
            HealthJson.pool(report.pool())
                    .properties()
                    .forEach(figure -> check(component, figure.getKey(), checks)
                            .put("observedUnit", "connections")
                            .set("observedValue", figure.getValue()));
        }

        private static ObjectNode check(Component component, String measurement, ObjectNode checks) {
            ArrayNode values = checks.putArray(component.label() + ":" + measurement);
            return values.addObject()
                    .put("componentType", "datastore")
                    .put("time", component.report().time().toString());
        }
    }
}
