package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import io.r2dbc.spi.Result;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** Asks for what identifies a transaction before its commit, and with it, after a commit that was not answered, what became of it. */
final class CommitResolver {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMillis(250);
    private static final Duration PAUSE = Duration.ofMillis(20);

    /**
     * Which server this is. The timeline comes from the WAL, as the control file names a new one only some time after the promotion. A
     * crash resets the statistics; nothing else that everybody may read tells of one.
     */
    private static final String SERVER =
            "(SELECT system_identifier FROM pg_catalog.pg_control_system())::pg_catalog.text,"
                    + " pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8),"
                    + " (SELECT EXTRACT(epoch FROM stats_reset) FROM pg_catalog.pg_stat_wal)::pg_catalog.text";

    private static final String IDENTIFY =
            "SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, " + SERVER;

    private static final String ASK = "SELECT NULL, " + SERVER;
    private static final String STATUS = "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)";
    private static final String IN_THE_FUTURE = "22023";

    private static final String END = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
            + " WHERE backend_xid = $1::pg_catalog.xid8::pg_catalog.xid AND pid <> pg_catalog.pg_backend_pid()";

    private final LeasePool pool;

    CommitResolver(LeasePool pool) {
        this.pool = pool;
    }

    /** Asks what the transaction that is open on the connection is; one round trip. */
    static Mono<TransactionId> identify(Lease lease) {
        return server(lease, IDENTIFY);
    }

    private static Mono<TransactionId> server(Lease lease, String sql) {
        return lease.<TransactionId>converse(
                        sql,
                        statement -> {},
                        result -> result.map(row -> new TransactionId(
                                row.get(0, String.class),
                                String.valueOf(row.get(1)),
                                String.valueOf(row.get(2)),
                                String.valueOf(row.get(3)))))
                .last();
    }

    /** Asks until it is known, on a new connection after each failure. */
    Mono<CommitResolution> resolve(TransactionId id) {
        String xid = id.xid().orElse(null);
        if (xid == null) {
            return Mono.just(CommitResolution.ABORTED);
        }
        return Mono.defer(() -> {
            long patience = System.nanoTime() + PATIENCE.toNanos();
            return Mono.defer(() ->
                            Mono.usingWhen(pool.dedicated(), lease -> asked(lease, id, xid, patience), Lease::release))
                    .onErrorResume(failure -> Mono.empty())
                    .repeatWhenEmpty(asked -> asked.delayElements(PAUSE))
                    .timeout(LIMIT, Mono.just(CommitResolution.UNKNOWN));
        });
    }

    private static Mono<CommitResolution> asked(Lease lease, TransactionId id, String xid, long patience) {
        return server(lease, ASK)
                .flatMap(server -> id.isOn(server)
                        ? status(lease, xid, id.isOfRun(server), patience)
                        : Mono.just(CommitResolution.UNKNOWN));
    }

    /**
     * Asks until the transaction has ended.
     *
     * @param sameRun false after a crash: what the server says may then be of another transaction, unless it is that the id has not
     *     committed
     */
    private static Mono<CommitResolution> status(Lease lease, String xid, boolean sameRun, long patience) {
        return text(lease, STATUS, xid)
                .onErrorResume(
                        failure -> IN_THE_FUTURE.equals(Failures.sqlState(failure)), failure -> Mono.just("aborted"))
                .flatMap(status -> switch (status) {
                    case "committed" -> Mono.just(sameRun ? CommitResolution.COMMITTED : CommitResolution.UNKNOWN);
                    case "aborted" -> Mono.just(CommitResolution.ABORTED);
                    case "in progress" -> sameRun ? ended(lease, xid, patience) : Mono.just(CommitResolution.ABORTED);
                    default -> Mono.just(CommitResolution.UNKNOWN);
                })
                .repeatWhenEmpty(asked -> asked.delayElements(PAUSE));
    }

    /** Ends the server process that holds the transaction open, when patience is over; empty, for it has to be asked again. */
    private static Mono<CommitResolution> ended(Lease lease, String xid, long patience) {
        return System.nanoTime() < patience
                ? Mono.empty()
                : text(lease, END, xid).then(Mono.empty());
    }

    private static Mono<String> text(Lease lease, String sql, String xid) {
        return lease.converse(
                        sql,
                        statement -> statement.bind(0, xid),
                        (Result result) -> result.map(row -> String.valueOf(row.get(0))))
                .last("none");
    }
}
