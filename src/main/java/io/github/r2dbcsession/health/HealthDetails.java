package io.github.r2dbcsession.health;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a server told about itself. Immutable.
 *
 * <p>A detail that this role may not see, that failed or that was not there by the deadline is absent, and a note says why. Details
 * never change a report's status.
 */
public final class HealthDetails {

    private final @Nullable String databaseName;
    private final @Nullable String serverVersion;
    private final @Nullable Long databaseSize;
    private final @Nullable String databaseSizePretty;
    private final @Nullable Integer connections;
    private final @Nullable Integer activeConnections;
    private final @Nullable Boolean tls;
    private final List<String> notes;

    private HealthDetails(Builder builder) {
        this.databaseName = builder.databaseName;
        this.serverVersion = builder.serverVersion;
        this.databaseSize = builder.databaseSize;
        this.databaseSizePretty = builder.databaseSizePretty;
        this.connections = builder.connections;
        this.activeConnections = builder.activeConnections;
        this.tls = builder.tls;
        this.notes = List.copyOf(builder.notes);
    }

    /** The name of the database, as the server says it. */
    public Optional<String> databaseName() {
        return Optional.ofNullable(databaseName);
    }

    /** The version, as the server says it. */
    public Optional<String> serverVersion() {
        return Optional.ofNullable(serverVersion);
    }

    /** The size of the database in bytes. */
    public OptionalLong databaseSize() {
        return databaseSize == null ? OptionalLong.empty() : OptionalLong.of(databaseSize);
    }

    /** The size of the database for people, as the server words it. */
    public Optional<String> databaseSizePretty() {
        return Optional.ofNullable(databaseSizePretty);
    }

    /** How many client connections this database has, of every application and role. */
    public OptionalInt connections() {
        return connections == null ? OptionalInt.empty() : OptionalInt.of(connections);
    }

    /** How many of them are running a statement, the check's own included. */
    public OptionalInt activeConnections() {
        return activeConnections == null ? OptionalInt.empty() : OptionalInt.of(activeConnections);
    }

    /** Whether the check's own connection is encrypted, as the server sees it. */
    public Optional<Boolean> tls() {
        return Optional.ofNullable(tls);
    }

    /** Why details are absent, a line for each; empty when all are there. */
    public List<String> notes() {
        return notes;
    }

    /** Collects details as the answers come. Not thread-safe. */
    static final class Builder {

        @Nullable
        String databaseName;

        @Nullable
        String serverVersion;

        @Nullable
        Long databaseSize;

        @Nullable
        String databaseSizePretty;

        @Nullable
        Integer connections;

        @Nullable
        Integer activeConnections;

        @Nullable
        Boolean tls;

        private final List<String> notes = new ArrayList<>();
        private int answers;

        /** Takes what one query told; the queries come in their order. */
        void add(Consumer<Builder> told) {
            told.accept(this);
            answers++;
        }

        void missing(String what, String why) {
            notes.add("partial view: " + what + ": " + why);
        }

        HealthDetails build() {
            DetailQuery.ALL
                    .subList(answers, DetailQuery.ALL.size())
                    .forEach(query -> missing(query.what(), "not there by the deadline"));
            return new HealthDetails(this);
        }
    }
}
