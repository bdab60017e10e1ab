package io.github.r2dbcsession;

import java.io.Serializable;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What identifies a transaction beyond its connection. Immutable. */
public final class TransactionId implements Serializable {

    private static final long serialVersionUID = 1;

    private final @Nullable String xid;
    private final String system;
    private final String timeline;
    private final String run;

    /**
     * Made by the library.
     *
     * @param run what changes when the server crashes: it may then give the same id to another transaction
     */
    TransactionId(@Nullable String xid, String system, String timeline, String run) {
        this.xid = xid;
        this.system = system;
        this.timeline = timeline;
        this.run = run;
    }

    /** The id that {@code pg_current_xact_id_if_assigned()} gave before the COMMIT; empty when nothing had been written. */
    public Optional<String> xid() {
        return Optional.ofNullable(xid);
    }

    /** The system identifier of the database cluster. */
    public String system() {
        return system;
    }

    /** The timeline that the cluster was writing, eight hexadecimal digits; a promotion begins a new one. */
    public String timeline() {
        return timeline;
    }

    /** Whether a server that calls itself so has the same history. */
    boolean isOn(TransactionId server) {
        return system.equals(server.system) && timeline.equals(server.timeline);
    }

    /** Whether that server has run on since, so that the id has been given once. */
    boolean isOfRun(TransactionId server) {
        return run.equals(server.run);
    }

    @Override
    public String toString() {
        return "transaction " + (xid == null ? "without id" : xid) + " of system " + system + ", timeline " + timeline;
    }
}
