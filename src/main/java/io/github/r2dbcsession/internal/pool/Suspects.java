package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The names in a database behind which a reading statement may reach code that is not PostgreSQL's own: functions and aggregates, views,
 * foreign tables, and tables and domains whose policies or checks call such code. Names of all schemas, in lower case, so that it does not
 * matter which one a statement would find. Thread-safe.
 */
final class Suspects {

    /** How old the knowledge may get. */
    private static final long LIMIT = Duration.ofSeconds(30).toNanos();

    /** From when on it is learned anew, while the old is still good. */
    private static final long DUE = Duration.ofSeconds(20).toNanos();

    private static final Duration LEARN_LIMIT = Duration.ofSeconds(5);

    /** Stands for code that no name need call: an operator or a cast. */
    private static final String ANY = "*";

    /**
     * The first object that is not PostgreSQL's own has the id 16384. Functions written in C are taken for pure where an operator or a
     * cast calls them; called by name, a statement is never taken for harmless.
     */
    private static final String SQL = """
            WITH pure AS (
              SELECT f.oid FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_language l ON l.oid = f.prolang
              WHERE f.prokind <> 'a' AND (l.lanname = 'c'
                OR f.provolatile <> 'v' AND (l.lanname = 'internal' OR f.oid < 16384))
            ), expression (name, tree) AS (
              SELECT c.relname, p.polqual::text FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
              WHERE c.relrowsecurity
              UNION ALL
              SELECT t.typname, k.conbin::text FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid
              WHERE k.contypid >= 16384
            )
            SELECT f.proname::text FROM pg_catalog.pg_proc f WHERE f.oid >= 16384 AND f.oid NOT IN (SELECT oid FROM pure)
            UNION
            SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('v', 'f')
            UNION
            SELECT e.name::text FROM expression e
            WHERE e.tree ~ '[{](SUBLINK|QUERY|COERCETODOMAIN) ' OR EXISTS (
              SELECT FROM pg_catalog.regexp_matches(e.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') m (id)
              WHERE m.id[1]::oid NOT IN (SELECT oid FROM pure)
                AND m.id[1]::oid NOT IN (SELECT a.oid FROM pg_catalog.pg_proc a WHERE a.prokind = 'a' AND a.oid < 16384))
            UNION
            SELECT '*' FROM pg_catalog.pg_operator o
            WHERE o.oid >= 16384 AND o.oprcode <> 0 AND o.oprcode NOT IN (SELECT oid FROM pure)
            UNION
            SELECT '*' FROM pg_catalog.pg_cast c
            WHERE c.oid >= 16384 AND c.castfunc <> 0 AND c.castfunc NOT IN (SELECT oid FROM pure)""";

    private final LongSupplier clock;
    private final AtomicBoolean learning = new AtomicBoolean();
    private volatile boolean wanted;
    private volatile @Nullable Set<String> names;
    private volatile long learned;

    /**
     * Knows nothing yet.
     *
     * @param clock tells nanoseconds
     */
    Suspects(LongSupplier clock) {
        this.clock = clock;
        this.learned = clock.getAsLong() - LIMIT;
    }

    /** The names, or null where they are not known. */
    @Nullable
    Set<String> names() {
        if (!wanted) {
            wanted = true;
        }
        return age() < LIMIT ? names : null;
    }

    /** Whether they have been wanted, and a connection that is idle should be asked for them. */
    boolean isDue() {
        return wanted && age() >= DUE && !learning.get();
    }

    /** Asks the catalog, unless another connection is just doing that. Fails where it cannot; then all is suspect for a while. */
    Mono<Void> learn(PhysicalConnection connection) {
        return Mono.defer(() -> {
            if (!isDue() || !learning.compareAndSet(false, true)) {
                return Mono.empty();
            }
            long asked = clock.getAsLong();
            return connection
                    .converse(
                            SQL,
                            statement -> statement.fetchSize(0),
                            result -> result.map(row -> row.get(0, String.class)))
                    .map(name -> name.toLowerCase(Locale.ROOT))
                    .collect(HashSet<String>::new, Set::add)
                    .timeout(LEARN_LIMIT)
                    .doOnNext(found -> learned(asked, found.contains(ANY) ? null : Set.copyOf(found)))
                    .doOnError(failure -> learned(asked, null))
                    .doFinally(signal -> learning.set(false))
                    .then();
        });
    }

    private void learned(long asked, @Nullable Set<String> found) {
        names = found;
        learned = asked;
    }

    private long age() {
        return clock.getAsLong() - learned;
    }
}
