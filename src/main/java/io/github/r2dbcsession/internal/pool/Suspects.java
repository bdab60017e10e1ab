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
 * The names in a database behind which a statement may reach code that is not PostgreSQL's own. A bare name is suspect in any statement:
 * functions and aggregates, views, foreign tables, and tables and domains whose policies or checks call such code. With {@code "write "}
 * before it, it is only where the statement writes: tables with triggers, rules, and constraints, indexes and generated columns that call
 * such code. With {@code "insert "} before it, only where a default may be taken. Names of all schemas, in lower case, so that it does not
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
     * cast calls them; called by name, a statement is never taken for harmless, and in the expressions of tables and domains only those are
     * pure that are not declared volatile.
     *
     * <p>What is written runs code of its own: {@code code} has what does, by the row type of the table or by the domain. It spreads to
     * what contains the type, over inheritance and partitions both ways, and from a table to those whose foreign key cascades to it; a
     * default not over foreign keys, for a cascade inserts nothing.
     */
    private static final String SQL = """
            WITH RECURSIVE pure AS (
              SELECT f.oid, f.provolatile = 'v' AND l.lanname = 'c' AS doubtful
              FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_language l ON l.oid = f.prolang
              WHERE f.prokind <> 'a' AND (l.lanname = 'c'
                OR f.provolatile <> 'v' AND (l.lanname = 'internal' OR f.oid < 16384) AND f.proname !~ '_to_xml'
                OR f.oid < 16384
                  AND f.proname IN ('clock_timestamp', 'timeofday', 'random', 'gen_random_uuid', 'uuidv4', 'uuidv7'))
            ), expression (type, use, tree) AS (
              SELECT c.reltype, u.use, u.tree FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid,
                LATERAL (VALUES ('', p.polqual::text), ('write ', p.polwithcheck::text)) u (use, tree)
              WHERE c.relrowsecurity
              UNION ALL
              SELECT k.contypid, '', k.conbin::text FROM pg_catalog.pg_constraint k WHERE k.contypid >= 16384
              UNION ALL
              SELECT c.reltype, 'write ', k.conbin::text
              FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
              UNION ALL
              SELECT c.reltype, CASE a.attgenerated WHEN '' THEN 'insert ' ELSE 'write ' END, d.adbin::text
              FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid
                JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
              UNION ALL
              SELECT t.oid, 'insert ', t.typdefaultbin::text FROM pg_catalog.pg_type t WHERE t.oid >= 16384
              UNION ALL
              SELECT c.reltype, 'write ', pg_catalog.concat(i.indexprs::text, i.indpred::text)
              FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
              UNION ALL
              SELECT c.reltype, 'write ', p.partexprs::text
              FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
            ), code (type, use) AS (
              SELECT e.type, e.use FROM expression e
              WHERE e.tree ~ '[{](SUBLINK|QUERY|COERCETODOMAIN) ' OR EXISTS (
                SELECT FROM pg_catalog.regexp_matches(e.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') m (id)
                WHERE m.id[1]::oid NOT IN (SELECT oid FROM pure WHERE NOT doubtful)
                  AND m.id[1]::oid NOT IN (SELECT a.oid FROM pg_catalog.pg_proc a WHERE a.prokind = 'a' AND a.oid < 16384))
              UNION
              SELECT c.reltype, '' FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('v', 'f')
              UNION
              SELECT c.reltype, 'write ' FROM pg_catalog.pg_class c WHERE c.oid IN (
                SELECT t.tgrelid FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
                UNION ALL
                SELECT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.ev_type <> '1'
                UNION ALL
                SELECT k.confrelid FROM pg_catalog.pg_constraint k WHERE 'd' IN (k.confupdtype, k.confdeltype))
              UNION
              SELECT c.reltype, 'insert ' FROM pg_catalog.pg_class c
              WHERE c.oid IN (SELECT a.attrelid FROM pg_catalog.pg_attribute a WHERE a.attidentity <> '')
              UNION
              SELECT r.rngtypid, 'write ' FROM pg_catalog.pg_range r
              WHERE r.rngsubdiff <> 0 AND r.rngsubdiff NOT IN (SELECT oid FROM pure)
            ), spreads (type, reached, cascades) AS (
              SELECT d.refobjid, CASE WHEN c.oid IS NULL THEN d.objid ELSE c.reltype END, false
              FROM pg_catalog.pg_depend d LEFT JOIN pg_catalog.pg_class c
                ON c.oid = d.objid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
              WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                AND d.classid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass)
              UNION ALL
              SELECT a.reltype, b.reltype, false FROM pg_catalog.pg_inherits i,
                LATERAL (VALUES (i.inhrelid, i.inhparent), (i.inhparent, i.inhrelid)) e (one, other)
                JOIN pg_catalog.pg_class a ON a.oid = e.one JOIN pg_catalog.pg_class b ON b.oid = e.other
              UNION ALL
              SELECT a.reltype, b.reltype, true FROM pg_catalog.pg_constraint k
                JOIN pg_catalog.pg_class a ON a.oid = k.conrelid JOIN pg_catalog.pg_class b ON b.oid = k.confrelid
              WHERE k.contype = 'f' AND (k.confupdtype IN ('c', 'n') OR k.confdeltype IN ('c', 'n'))
            ), suspect (type, use) AS (
              SELECT type, use FROM code
              UNION
              SELECT s.reached, CASE c.use WHEN '' THEN 'write ' ELSE c.use END
              FROM suspect c JOIN spreads s ON s.type = c.type AND NOT (s.cascades AND c.use = 'insert ')
            )
            SELECT c.use || t.typname::text FROM suspect c JOIN pg_catalog.pg_type t ON t.oid = c.type
            UNION
            SELECT f.proname::text FROM pg_catalog.pg_proc f WHERE f.oid >= 16384 AND f.oid NOT IN (SELECT oid FROM pure)
            UNION
            SELECT '*' FROM pg_catalog.pg_operator o
            WHERE o.oid >= 16384 AND o.oprcode <> 0 AND o.oprcode NOT IN (SELECT oid FROM pure)
            UNION
            SELECT '*' FROM pg_catalog.pg_cast c
            WHERE c.oid >= 16384 AND c.castfunc <> 0 AND c.castfunc NOT IN (SELECT oid FROM pure)
            UNION
            SELECT '*' FROM pg_catalog.pg_amproc p WHERE p.amproc >= 16384 AND p.amproc NOT IN (SELECT oid FROM pure)""";

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
                    .doOnTerminate(() -> learning.set(false))
                    .doOnCancel(() -> learning.set(false))
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
