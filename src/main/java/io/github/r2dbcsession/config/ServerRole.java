package io.github.r2dbcsession.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What role a server must have: libpq's, pgjdbc's and the driver's words for it. */
enum ServerRole {
    ANY("any", "any"),
    PRIMARY("primary", "primary|master"),
    READ_WRITE("read-write", ""),
    STANDBY("standby", "secondary|slave"),
    READ_ONLY("read-only", ""),
    PREFER_STANDBY("prefer-standby", "prefersecondary|preferslave");

    private final String attribute;
    private final String serverTypes;

    ServerRole(String attribute, String serverTypes) {
        this.attribute = attribute;
        this.serverTypes = serverTypes;
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
}
