package io.github.r2dbcsession.health;

import java.time.Duration;
import java.time.Instant;
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
 * <p>A detail that this role may not see, that failed or that was not there by the deadline is absent, and a note says why.
 */
public final class HealthDetails {

    private final Builder told;
    private final List<String> notes;
    private final @Nullable Answer answer;
    private final @Nullable Instant certificateExpiry;

    private HealthDetails(Builder told, @Nullable Answer answer, @Nullable Instant certificateExpiry) {
        this.told = told;
        this.notes = List.copyOf(told.notes);
        this.answer = answer;
        this.certificateExpiry = certificateExpiry;
    }

    /** The name of the database, as the server says it. */
    public Optional<String> databaseName() {
        return Optional.ofNullable(told.databaseName);
    }

    /** The version, as the server says it. */
    public Optional<String> serverVersion() {
        return Optional.ofNullable(told.serverVersion);
    }

    /** The size of the database in bytes. */
    public OptionalLong databaseSize() {
        return told.databaseSize == null ? OptionalLong.empty() : OptionalLong.of(told.databaseSize);
    }

    /** The size of the database for people, as the server words it. */
    public Optional<String> databaseSizePretty() {
        return Optional.ofNullable(told.databaseSizePretty);
    }

    /** How many client connections this database has, of every application and role. */
    public OptionalInt connections() {
        return optional(told.connections);
    }

    /** How many of them are running a statement, the check's own included. */
    public OptionalInt activeConnections() {
        return optional(told.activeConnections);
    }

    /** How many connections the server admits, to all of its databases together: {@code max_connections}. */
    public OptionalInt maxConnections() {
        return optional(told.maxConnections);
    }

    /** How many of them are kept for superusers and the like. */
    public OptionalInt reservedConnections() {
        return optional(told.reservedConnections);
    }

    /**
     * After what idle time the server ends a session in the middle of a transaction: {@code idle_in_transaction_session_timeout}; zero
     * is never.
     */
    public Optional<Duration> idleInTransactionSessionTimeout() {
        return Optional.ofNullable(told.idleInTransactionSessionTimeout);
    }

    /** Whether the server is a standby. */
    public Optional<Boolean> standby() {
        return Optional.ofNullable(answer).map(Answer::standby);
    }

    /** How far a standby is behind its primary; empty on a primary. */
    public Optional<Duration> replicationLag() {
        return Optional.ofNullable(answer).map(Answer::lag);
    }

    /**
     * By how much the server's clock is ahead of ours, beyond what the latency of the check leaves open: negative when it is behind, zero
     * when the two may agree.
     */
    public Optional<Duration> clockSkew() {
        return Optional.ofNullable(answer).map(Answer::clockSkew);
    }

    /** Whether the check's own connection is encrypted, as the server sees it. */
    public Optional<Boolean> tls() {
        return Optional.ofNullable(told.tls);
    }

    /** When the certificate ends that the server showed last, verified or not; empty without TLS. */
    public Optional<Instant> certificateExpiry() {
        return Optional.ofNullable(certificateExpiry);
    }

    /** Why details are absent, a line for each; empty when all are there. */
    public List<String> notes() {
        return notes;
    }

    /** The same with what is known without asking for details. */
    HealthDetails and(Answer known, Optional<Instant> expiry) {
        return new HealthDetails(told, known, expiry.orElse(null));
    }

    boolean isEmpty() {
        return told.answers == 0;
    }

    private static OptionalInt optional(@Nullable Integer value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
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
        Integer maxConnections;

        @Nullable
        Integer reservedConnections;

        @Nullable
        Duration idleInTransactionSessionTimeout;

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

        /** Ends the collecting. */
        HealthDetails build() {
            DetailQuery.ALL
                    .subList(answers, DetailQuery.ALL.size())
                    .forEach(query -> missing(query.what(), "not there by the deadline"));
            return new HealthDetails(this, null, null);
        }
    }
}
