package io.github.r2dbcsession.config;

import io.r2dbc.postgresql.MultiHostConnectionStrategy.TargetServerType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What role a server must have: libpq's, pgjdbc's and the driver's words for it. */
enum ServerRole {
    ANY("any", "any", TargetServerType.ANY),
    PRIMARY("primary", "primary|master", TargetServerType.PRIMARY),
    READ_WRITE("read-write", "", TargetServerType.PRIMARY),
    STANDBY("standby", "secondary|slave", TargetServerType.SECONDARY),
    READ_ONLY("read-only", "", TargetServerType.SECONDARY),
    PREFER_STANDBY("prefer-standby", "prefersecondary|preferslave", TargetServerType.PREFER_SECONDARY);

    private final String attribute;
    private final String serverTypes;
    private final TargetServerType driverType;

    ServerRole(String attribute, String serverTypes, TargetServerType driverType) {
        this.attribute = attribute;
        this.serverTypes = serverTypes;
        this.driverType = driverType;
    }

    static Optional<ServerRole> ofAttribute(String attribute) {
        return Arrays.stream(values())
                .filter(role -> role.attribute.equals(attribute))
                .findFirst();
    }

    static Optional<ServerRole> ofServerType(String serverType) {
        String wanted = serverType.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(role -> !wanted.isEmpty()
                        && List.of(role.serverTypes.split("\\|", -1)).contains(wanted))
                .findFirst();
    }

    static List<String> attributes() {
        return Arrays.stream(values()).map(ServerRole::attribute).toList();
    }

    /** libpq's word. */
    String attribute() {
        return attribute;
    }

    TargetServerType driverType() {
        return driverType;
    }
}
