package io.github.r2dbcsession.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What role a server must have: libpq's six words. */
public enum ServerRole {
    /** Any server will do. */
    ANY("any", "any"),
    /** The server must not be a standby. */
    PRIMARY("primary", "primary|master"),
    /** Sessions must be able to write by default. */
    READ_WRITE("read-write", ""),
    /** The server must be a standby. */
    STANDBY("standby", "secondary|slave"),
    /** Sessions must not be able to write by default. */
    READ_ONLY("read-only", ""),
    /** A standby if one can be reached, else any server. */
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
        return Arrays.stream(values()).map(ServerRole::toString).toList();
    }

    /** Returns libpq's word, such as {@code read-write}. */
    @Override
    public String toString() {
        return attribute;
    }
}
